"""What the answers of a supplier to a line come to."""

from datetime import date
from decimal import Decimal

import pytest
from dist_integration_edi.lib.answers import AnswerError, read_answer


def read(line, status="accepted_with_changes", ordered="12", transit_days=0, **order):
    return read_answer(line, {"status": status, **order}, Decimal(ordered), transit_days)


@pytest.mark.parametrize(
    ("line", "status", "expected"),
    [
        ({}, "accepted", (12, 0, 0)),
        ({}, "rejected", (0, 12, 0)),
        ({"answers": [{"status": "accepted"}]}, "rejected", (0, 12, 0)),
        ({"quantity": "10"}, "accepted_with_changes", (10, 0, 0)),
        ({"answers": [{"status": "rejected"}]}, "accepted", (0, 12, 0)),
        (
            {
                "quantity": "12",
                "answers": [
                    {"status": "accepted", "quantity": "9"},
                    {"status": "cancelled", "quantity": "3"},
                ],
            },
            "accepted_with_changes",
            (9, 3, 0),
        ),
        (
            {"quantity": "12", "answers": [{"status": "price_changed"}, {"status": "date_changed"}]},
            "accepted_with_changes",
            (12, 0, 0),
        ),
        (
            {
                "answers": [
                    {"status": "accepted", "quantity": "8"},
                    {"status": "substituted", "quantity": "4"},
                ]
            },
            "accepted_with_changes",
            (8, 0, 4),
        ),
    ],
)
def test_quantities(line, status, expected):
    """E2: parts add up; what is said twice of the same goods counts once."""
    found = read(line, status)
    assert (found.quantity, found.refused, found.substituted) == expected


def test_dates():
    """E2: the last day of all parts; the part's own before the line's before the order's; leaving is not arriving."""
    parts = [
        {"status": "accepted", "quantity": "1", "date": "2031-05-14"},
        {"status": "backordered", "quantity": "2"},
    ]
    assert read({"answers": parts, "date": "2031-06-01"}).date == date(2031, 6, 1)
    assert read({"answers": parts}).undated
    assert read({"answers": parts[:1]}, date="2031-07-01").date == date(2031, 5, 14)
    assert read({}, date="2031-07-01").date == date(2031, 7, 1)
    assert read({"ship_date": "2031-05-30"}, transit_days=4).date == date(2031, 6, 3)
    assert read({"answers": [{"status": "rejected", "date": "2031-05-14"}]}).date is None


def test_substitutes():
    """E2: one item stands for another; two for one line are refused, with their place."""
    first, second = ({"status": "substituted", "quantity": "1", "item": {"sku": sku}} for sku in ("A", "B"))
    assert read({"answers": [first, first]}).item == {"sku": "A"}
    with pytest.raises(AnswerError) as caught:
        read({"answers": [first, second]})
    assert caught.value.place == 1


def test_reasons():
    """E2: each reason once."""
    parts = [{"status": "rejected", "quantity": "1", "reason": reason} for reason in ("no", "no", "old")]
    assert read({"answers": parts}).reasons == ["no", "old"]


def test_parts_on_several_days():
    """E2: which part comes when; the last day is the line's."""
    parts = [
        {"status": "backordered", "quantity": "4", "date": "2031-05-21"},
        {"status": "accepted", "quantity": "8", "ship_date": "2031-05-12"},
    ]
    answer = read({"quantity": "12", "answers": parts}, transit_days=2)
    assert answer.parts == [(date(2031, 5, 14), Decimal(8)), (date(2031, 5, 21), Decimal(4))]
    assert answer.date == date(2031, 5, 21)


def test_a_schedule_tells_the_days():
    """E2: whatever the answers say; one that does not add up is no schedule."""
    schedule = [{"quantity": "5", "date": "2031-05-13"}, {"quantity": "7", "date": "2031-05-20"}]
    answer = read(
        {"quantity": "12", "schedule": schedule, "answers": [{"status": "accepted", "quantity": "12"}]}
    )
    assert [int(quantity) for _day, quantity in answer.parts] == [5, 7]
    assert answer.date == date(2031, 5, 20)
    short = read({"quantity": "12", "schedule": schedule[:1]})
    assert (short.parts, short.date) == ([], date(2031, 5, 13))


def test_the_same_goods_have_one_day():
    """E2: one ACK for each thing that changed, all with the whole quantity."""
    parts = [
        {"status": "price_changed", "quantity": "12", "date": "2031-05-14"},
        {"status": "date_changed", "quantity": "12", "date": "2031-05-21"},
    ]
    answer = read({"quantity": "12", "answers": parts})
    assert (answer.parts, answer.date) == ([], date(2031, 5, 21))
