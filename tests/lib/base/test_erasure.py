import json

import pytest
from dist_integration_base.lib.erasure import (
    TOMBSTONE,
    by_name,
    erase_answer,
    erase_document,
    erase_items,
    erase_text,
    holds,
    is_identifier,
)

PATHS = ["customer.name", "customer.email"]
VALUES = {"Anna Berg", "anna@b.example"}


def test_document():
    order = {"customer": {"name": "Anna Berg", "id": 7}, "note": "for Anna Berg", "lines": [{"sku": "A"}]}
    assert json.loads(erase_document(json.dumps(order), VALUES, PATHS)) == {
        "customer": {"name": TOMBSTONE, "id": 7},
        "note": f"for {TOMBSTONE}",
        "lines": [{"sku": "A"}],
    }


def test_what_cannot_be_read_is_replaced_as_a_whole():
    assert json.loads(erase_document("{Anna", VALUES, PATHS)) == TOMBSTONE
    assert json.loads(erase_items("[1]", VALUES, PATHS, [0])) == TOMBSTONE


@pytest.mark.parametrize("nothing", [None, "", False])
def test_nothing_stays_nothing(nothing):
    assert erase_text(nothing, VALUES) == nothing
    assert erase_document(nothing, VALUES, PATHS) == nothing
    assert erase_items(nothing, VALUES, PATHS, []) == nothing
    assert erase_answer(nothing, VALUES, PATHS) == nothing


def test_other_items_of_a_bulk_call_stay():
    call = {"items": [{"customer": {"name": "Ulm"}}, {"customer": {"name": "Bo"}}, {"note": "Anna Berg"}]}
    assert json.loads(erase_items(json.dumps(call), VALUES, PATHS, {1})) == {
        "items": [{"customer": {"name": "Ulm"}}, {"customer": {"name": TOMBSTONE}}, {"note": TOMBSTONE}]
    }


def test_answer():
    answer = {"order": {"email": "x@y.example", "state": "ok"}, "text": "Hello Anna Berg"}
    assert json.loads(erase_answer(json.dumps(answer), VALUES, PATHS)) == {
        "order": {"email": TOMBSTONE, "state": "ok"},
        "text": f"Hello {TOMBSTONE}",
    }
    assert erase_answer("<p>Anna Berg</p>", VALUES, PATHS) == f"<p>{TOMBSTONE}</p>"


def test_names_at_the_end_of_paths():
    assert by_name(["customer.name", "lines[].price", "tags[]", "a.*"]) == ["**.name", "**.price", "**.tags"]


@pytest.mark.parametrize(
    ("blocks", "found"),
    (
        ([b"1,ANNA@", b"BERG.example\n"], True),
        ([b"M\xc3", b"\x9cLLER"], True),
        ([b'"M\\u00fcller"'], True),
        (["Mu\u0308ller".encode()], True),
        (["1;M\u00dc".encode("latin-1"), b"ller"], True),
        ([b"M\xc3\x83\xc2\xbcller"], False),
        ([b"\xff\xfe", b"nobody"], False),
        ([], False),
    ),
)
def test_a_file_is_searched_over_the_borders_of_its_parts(blocks, found):
    """G6: in any case and spelling, also where a part ends within a letter."""
    assert holds(blocks, ["anna@berg.example", "Müller"]) is found
    assert holds(blocks, []) is False


@pytest.mark.parametrize(
    "text",
    [
        "anna@berg.example",
        "+49 30 1234567",
        "CUST-4711",
        "BE0477472701",
        "030/1234567",
        "Anna van Berg",
        "M. Weber",
        "Søren Ås",
    ],
)
def test_what_stands_for_a_person(text):
    assert is_identifier(text)


@pytest.mark.parametrize(
    "text",
    [
        "https", "endpoint", "sha256", "4711", "2026-11", "2026-11-29", "2026-11-29 10:00:00", "29.11.2026",
        "1000.00", "-1250,5", "127.0.0.1", "10.20.30.40:8069", "State", "draft state", "of the", "@", "",
        "https://evil.example/h1234", "SO12345", "S00012", "WH/OUT/00012", "INV/2026/00012", "PO-10023",
        "/var/lib/4711",
    ],
)  # fmt: skip
def test_what_stands_for_much_else(text):
    assert not is_identifier(text)
