"""What a customer wants of an order after its changes."""

from dist_integration_edi.lib.changes import apply_change

ORDER = {
    "number": "P1",
    "requested_date": "2031-05-14",
    "lines": [
        {"line": "1", "item": {"buyer_sku": "B1"}, "quantity": "10", "unit": "EA", "unit_price": "2"},
        {"item": {"buyer_sku": "B2"}, "quantity": "5"},
    ],
}


def test_lines():
    """E3: a line is changed, one is given up, one is added; what is not named stays."""
    change = {
        "number": "C1",
        "purpose": "change",
        "requested_date": "2031-06-01",
        "lines": [
            {"line": "1", "change": "quantity_increase", "quantity": "12"},
            {"line": "2", "change": "delete"},
            {"line": "3", "change": "add", "quantity": "1", "item": {"buyer_sku": "B3"}},
        ],
    }
    wanted = apply_change(ORDER, change)
    first, second, third = wanted["lines"]
    assert (wanted["requested_date"], wanted["change"], wanted["number"]) == ("2031-06-01", "C1", "P1")
    assert first == {**ORDER["lines"][0], "quantity": "12", "change": "quantity_increase"}
    assert (second["line"], second["quantity"], second["change"]) == ("2", "0", "delete")
    assert (third["line"], third["quantity"], third["change"]) == ("3", "1", "add")


def test_one_change_after_another():
    """E3, C4: only the last change names lines; what was given up stays so, also where all is repeated."""
    wanted = apply_change(ORDER, {"purpose": "change", "lines": [{"line": "2", "change": "delete"}]})
    wanted = apply_change(
        wanted, {"purpose": "change", "lines": [{"line": "1", "change": "price_change", "unit_price": "3"}]}
    )
    first, second = wanted["lines"]
    assert (first["quantity"], first["unit_price"], first["change"]) == ("10", "3", "price_change")
    assert (second["quantity"], second.get("change")) == ("0", None)


def test_a_whole_order():
    """E3, pitfall 19: replaced, what is not named is given up; cancelled, everything is."""
    replaced = apply_change(ORDER, {"purpose": "replace", "lines": [{"line": "1", "quantity": "4"}]})
    assert [line["quantity"] for line in replaced["lines"]] == ["4", "0"]
    cancelled = apply_change(ORDER, {"purpose": "cancel"})
    assert [(line["quantity"], line["change"]) for line in cancelled["lines"]] == [("0", "delete")] * 2
    assert ORDER["lines"][1] == {"item": {"buyer_sku": "B2"}, "quantity": "5"}
