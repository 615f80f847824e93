import copy
import json

import pytest
from dist_integration_base.lib.errors import ConfigurationError
from dist_integration_base.lib.masking import (
    MASK,
    Masking,
    collect,
    mask,
    mask_headers,
    redact,
    redact_quoted,
    restore,
    to_readable,
)
from hypothesis import given
from hypothesis import strategies as st

ORDER = {
    "customer": {"email": "a@b.example", "iban": "DE89370400440532013000", "name": None},
    "lines": [{"sku": "A", "price": "12.50"}, {"sku": "B", "price": 7}],
    "tags": ["x", "y"],
    "paid": True,
}


def test_values_are_hidden_and_the_shape_stays():
    assert mask(ORDER, ["customer.email", "customer.name", "lines[].price", "tags", "paid"]) == {
        "customer": {"email": MASK, "iban": "DE89370400440532013000", "name": None},
        "lines": [{"sku": "A", "price": MASK}, {"sku": "B", "price": MASK}],
        "tags": [MASK, MASK],
        "paid": MASK,
    }


def test_the_original_is_untouched():
    before = copy.deepcopy(ORDER)
    masked = mask(ORDER, [])
    assert masked == ORDER == before
    masked["lines"][0]["sku"] = "changed"
    mask(ORDER, ["customer", "lines"])
    assert ORDER == before


def test_a_path_to_a_branch_hides_all_of_it():
    assert mask(ORDER, ["customer"])["customer"] == {"email": MASK, "iban": MASK, "name": None}
    assert mask(ORDER, ["lines"])["lines"] == [{"sku": MASK, "price": MASK}] * 2


def test_last_digits_may_stay():
    assert mask(ORDER, ["customer.iban"], keep_last=4)["customer"]["iban"] == "***3000"
    # Too short: the last four of five characters would give it away.
    assert mask({"a": "12345"}, ["a"], keep_last=4) == {"a": MASK}
    assert mask({"a": 123456789012}, ["a"], keep_last=4) == {"a": "***9012"}
    assert mask({"a": True}, ["a"], keep_last=1) == {"a": MASK}


@pytest.mark.parametrize(
    "path", ["lines[].price", "lines.price", "lines.*", "*.price", "**.price", "lines.**.price"]
)
def test_ways_to_say_it(path):
    masked = mask(ORDER, [path])
    assert [line["price"] for line in masked["lines"]] == [MASK, MASK]


def test_any_depth():
    payload = {"a": {"iban": 1, "b": [{"iban": {"x": 2}}]}, "iban": 3, "ibans": 4}
    assert mask(payload, ["**.iban"]) == {
        "a": {"iban": MASK, "b": [{"iban": {"x": MASK}}]},
        "iban": MASK,
        "ibans": 4,
    }
    assert mask(payload, ["**.**.x"])["a"]["b"] == [{"iban": {"x": MASK}}]


def test_list_at_the_top_and_paths_that_lead_nowhere():
    assert mask([{"sku": "A"}], ["[].sku"]) == [{"sku": MASK}]
    assert mask([["a"], "b"], ["[]"]) == [[MASK], MASK]
    assert mask(ORDER, ["nothing", "customer.email.more", "lines[].price.x"]) == ORDER
    assert mask("text", ["a"]) == "text"
    assert mask({}, ["a"]) == {}


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a[0]", "a[", "a]b", "**", "a.**", "a.[]"])
def test_path_that_cannot_be_read(path):
    with pytest.raises(ConfigurationError) as caught:
        mask({}, [path])
    assert caught.value.code == "invalid_path"


trees = st.recursive(
    st.text("xyz", max_size=3) | st.integers() | st.none(),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "s"]), children)
    ),
    max_leaves=10,
)


@given(trees)
def test_nothing_secret_is_left_at_any_depth(tree):
    payload = {"top": tree, "s": "SECRET", "list": [{"s": ["SECRET", {"a": "SECRET"}]}]}
    masked = mask(payload, ["**.s"])
    assert "SECRET" not in json.dumps(masked)
    # Masking again changes nothing, and what is not named stays.
    assert mask(masked, ["**.s"]) == masked
    assert mask(payload, ["**.q"]) == payload


def test_headers():
    headers = {
        "Authorization": "Bearer abc.def",
        "PROXY-AUTHORIZATION": "Basic dXNlcg==",
        "Cookie": "session_id=1",
        "Set-Cookie": "a=b",
        "webhook-signature": "v1,abc",
        "webhook-id": "msg_1",
        "X-Api-Key": "dik_live_x",
        "X-Partner-Token": "t",
        "X-Client-Secret-2": "t",
        "X-Tokenizer": "kept",
        "Idempotency-Key": "kept",
        "Content-Type": "application/json",
        "X-Customer": "hidden by name",
    }
    masked = mask_headers(headers, ["x-CUSTOMER"])
    assert masked["Authorization"] == "Bearer ***"
    assert masked["PROXY-AUTHORIZATION"] == "Basic ***"
    kept = {name for name, value in masked.items() if value == headers[name]}
    assert kept == {"webhook-id", "X-Tokenizer", "Idempotency-Key", "Content-Type"}
    assert masked["X-Customer"] == masked["Cookie"] == MASK
    assert list(masked) == list(headers)


def test_a_bare_token_leaves_no_part_of_itself():
    assert mask_headers({"Authorization": "abc def"}) == {"Authorization": MASK}
    assert mask_headers({"Cookie": "Basic abc"}) == {"Cookie": MASK}


PATHS = ["customer.email", "lines[].price", "tags"]


def test_a_masked_document_is_corrected():
    """G6: who may not read a value may still correct the rest of the document."""
    edited = mask(ORDER, PATHS)
    edited["lines"][0]["sku"] = "C"
    edited["lines"][1]["price"] = 8
    restored = restore(edited, ORDER, PATHS)
    assert restored == {
        **ORDER,
        "lines": [{"sku": "C", "price": "12.50"}, {"sku": "B", "price": 8}],
    }


def test_restoring_changes_nothing_else():
    assert restore(mask(ORDER, PATHS), ORDER, PATHS) == ORDER
    assert restore(mask(ORDER, ["customer"]), ORDER, ["customer"]) == ORDER
    # the mask's text outside the paths is what the person wrote
    assert restore({"name": MASK}, {"name": "Anna"}, ["customer.email"]) == {"name": MASK}


def test_hidden_values_do_not_move_to_other_lines():
    edited = mask(ORDER, PATHS)
    del edited["lines"][0]
    with pytest.raises(ConfigurationError) as caught:
        restore(edited, ORDER, PATHS)
    assert caught.value.code == "masked_list"
    assert restore({"lines": [{"sku": "A", "price": "1"}]}, ORDER, PATHS) == {
        "lines": [{"sku": "A", "price": "1"}]
    }


def test_values_at_paths_are_collected():
    assert collect(ORDER, ["customer", "lines[].price", "paid", "tags[]"]) == {
        "a@b.example",
        "DE89370400440532013000",
        "12.50",
        "7",
        "x",
        "y",
    }


def test_values_are_redacted_wherever_they_stand():
    document = {
        "note": "Call Anna Berg (ANNA BERG, Annaberg)",
        "phone": 49301234,
        "lines": ["Anna Berg", True],
    }
    assert redact(document, ["Anna Berg", "49301234", "DE"], "[gone]") == {
        "note": "Call [gone] ([gone], Annaberg)",
        "phone": "[gone]",
        "lines": ["[gone]", True],
    }
    assert redact("mail a.b@c.example, aXb@c.example", ["a.b@c.example"]) == f"mail {MASK}, aXb@c.example"


def test_short_values_stay():
    assert redact("DE and DEU", ["DE", "", "DEU"]) == "DE and DEU"


@pytest.mark.parametrize(
    "text",
    (
        "The price 1234.5 differs",
        "1,234.50 € asked",
        "1.234,50 EUR asked",
        "1\u202f234,50EUR asked",
        "1'234.50 asked",
    ),
)
def test_a_number_is_hidden_however_it_is_written(text):
    """G6: an amount of a message is not readable in another notation."""
    assert redact(text, ["1234.50"], strict=True).count(MASK) == 1
    assert not any(character.isdigit() for character in redact(text, ["1234.50"], strict=True))


@pytest.mark.parametrize("sent", ("BE0477472701", "be 0477.472.701", "0477 472 701", "BE-0477-472-701"))
@pytest.mark.parametrize(
    "shown", ("BE0477472701", "BE 0477.472.701", "0477472701", "be0477.472.701", "(0477) 472-701")
)
def test_an_identifier_is_hidden_however_it_is_written(sent, shown):
    """G6: a tax ID, account or telephone number is not readable in another notation."""
    hidden = redact(f"The tax ID of {shown}, is known", [sent], strict=True)
    assert not any(character.isdigit() for character in hidden)
    assert hidden.startswith("The tax ID of ") and hidden.endswith(" is known")
    assert redact("Order 10477472701, 047747270", [sent], strict=True) == "Order 10477472701, 047747270"


@pytest.mark.parametrize(("sent", "shown"), (("ESB12345674", "B-12345674"), ("B-12345674", "ES B12345674")))
def test_an_identifier_with_letters(sent, shown):
    """G6: one whose number starts with a letter; an amount is no identifier."""
    assert redact(f"{shown} fits", [sent], strict=True) == f"{MASK} fits"
    assert redact("Order 123450, 1,234.5 asked", ["1234.50"], strict=True) == f"Order 123450, {MASK} asked"


def test_short_values_are_hidden_where_it_is_strict():
    """G6: a short name or a small price is as sensitive as a long one; codes and other numbers stay."""
    assert (
        redact("Bo asks 5.00 for SKU5, 15 bo", ["Bo", "5"], strict=True)
        == f"{MASK} asks {MASK} for SKU5, 15 bo"
    )
    assert redact({"a": [5, "5", True, 6]}, ["5"], strict=True) == {"a": [MASK, MASK, True, 6]}
    assert redact("Price 5", ["5"]) == "Price 5"


@pytest.mark.parametrize("value", ("M\u00fcller & Co", "Mu\u0308ller & Co"))
@pytest.mark.parametrize(
    "written",
    (
        "M\u00fcller & Co",
        "Mu\u0308ller & Co",
        "M\\u00fcller & Co",
        "M\u00fcller &amp; Co",
        "Mu\\u0308ller &amp; Co",
    ),
)
def test_values_in_every_spelling(value, written):
    """G6: composed or decomposed, as JSON and as HTML write it."""
    assert redact(f'{{"name": "{written}"}}', [value]) == '{"name": "***"}'


def test_longer_values_are_redacted_first():
    assert redact("Anna Berg", ["Anna", "Anna Berg"], "-") == "-"


def test_another_replacement():
    assert mask({"a": {"b": "x"}}, ["a"], replacement="[erased]") == {"a": {"b": "[erased]"}}


@given(st.text(min_size=4).filter(lambda text: MASK not in text))
def test_redacted_value_is_gone(value):
    assert value not in redact({"a": [value]}, [value])["a"]


def test_readable_whatever_was_sent():
    """X1: text for a person can be stored and shown, or it is a ValueError."""
    assert to_readable('{"a": "\\ud800", "b": 1}', ["b"]) == '{\n  "a": "?",\n  "b": "***"\n}'
    for text in ("{", '{"a":' * 5000 + "1" + "}" * 5000):
        with pytest.raises(ValueError):
            to_readable(text, [])


@pytest.mark.parametrize(
    ("value", "place", "shown"),
    (
        ("12.50", "lines[].price", MASK),
        ({"email": "x", "city": "Ulm"}, "customer", {"email": MASK, "city": "Ulm"}),
        ("Ulm", "customer.city", "Ulm"),
        ("Call Anna Berg", "remark", f"Call {MASK}"),
        ("x", "contacts[0].a[b]", MASK),
    ),
)
def test_part_of_a_document(value, place, shown):
    """G6: a value alone is masked like the document that it comes from; a place nobody can read hides it."""
    masking = Masking(["lines[].price", "customer.email"], {"Anna Berg"})
    assert masking.hide_part(value, place) == shown
    assert Masking([]).hide_part(value, place) == value


def test_place_of_a_value():
    masking = Masking(["**.email", "customer"])
    assert masking.is_hidden("contacts[].email") and masking.is_hidden("customer.name")
    assert not masking.is_hidden("contacts[].name")
    assert masking.reaches("customer") and masking.reaches("email") and not masking.reaches("contacts")
    assert Masking(["addresses[].street"]).reaches("addresses")


def test_what_is_quoted_of_a_text_nobody_can_read():
    assert redact_quoted("Line 2: \"IBAN 4711\" and 'x'", "a;IBAN 4711") == f"Line 2: \"{MASK}\" and 'x'"


def test_punctuation_that_a_reader_missed_is_named():
    source = '{"iban": "DE89" "a", "b": 1}'
    text = "line 1: expecting ',' delimiter after 'DE89'"
    assert redact_quoted(text, source) == f"line 1: expecting ',' delimiter after '{MASK}'"
