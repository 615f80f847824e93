"""Documents of our own, of kinds and shapes that nobody publishes."""

from pathlib import Path

import pytest
from dist_integration_edi.lib.acknowledgement_reading import read_acknowledgement
from dist_integration_edi.lib.documents import ACKNOWLEDGEMENTS, DECLARATIONS, declaration_of
from dist_integration_edi.lib.interchange import read_interchanges
from dist_integration_edi.lib.reading import read_document
from edi_kit import errors, read, validator, write

OWN = Path(__file__).parent / "samples"
# they only start a loop
ONLY_PLACES = {"SCC", "CPS", "INV", "PCI"}


def only(name):
    """The transaction of a sample."""
    (interchange,) = read_interchanges((OWN / name).read_bytes())
    assert not interchange.issues
    (transaction,) = interchange.transactions
    return transaction


def canonical(name):
    """What a sample says, checked against the schema of its document."""
    transaction = only(name)
    reading = read_document(
        transaction, declaration_of(transaction.standard, transaction.code, version=transaction.version)
    )
    assert errors(reading.issues) == []
    assert {segment.tag for segment in reading.unread} <= ONLY_PLACES
    document = DECLARATIONS[transaction.standard, transaction.code]["document"]
    assert validator(document).errors(reading.canonical) == []
    return reading.canonical


@pytest.mark.parametrize("path", sorted(OWN.glob("*.edi")), ids=lambda path: path.stem)
def test_each_is_read_in_full(path):
    """E1: the envelopes are right, every segment has a meaning; written again it says the same."""
    transaction = only(path.name)
    standard, code = transaction.standard, transaction.code
    assert code == path.stem.split("_")[0]
    if (standard, code) in ACKNOWLEDGEMENTS:
        said = read_acknowledgement(transaction)
        assert validator("functional.acknowledgement").errors(said) == []
        return
    said = canonical(path.name)
    once = read(write(said, standard, code, transaction.version)).canonical
    assert read(write(once, standard, code, transaction.version)).canonical == once
    assert once.get("lines") == said.get("lines")


def test_both_documents_of_a_kind_say_the_same():
    """E2, E3: what a partner tells by X12 and by EDIFACT ends up in the same fields."""
    left, right = canonical("832_breaks.edi"), canonical("PRICAT_net.edi")
    assert left["valid_from"] == right["valid_from"] == "2031-04-01"
    assert left["lines"][0]["item"]["supplier_sku"] == right["lines"][0]["item"]["supplier_sku"]
    left, right = canonical("855_schedule.edi"), canonical("ORDRSP_schedule.edi")
    assert left["order"] == right["order"] == "P00012"
    days = [part["date"] for part in right["lines"][0]["schedule"]]
    assert days == ["2031-05-14", "2031-05-21"]
    assert [part["date"] for part in left["lines"][1]["schedule"]] == ["2031-05-13", "2031-05-20"]


def test_answers_to_a_change():
    """E2: 865 of a supplier that accepts a change, and of one that takes an order back."""
    accepted, refused = canonical("865_accepted.edi"), canonical("865_by_the_seller.edi")
    assert accepted["lines"][0]["answers"][0]["status"] == "quantity_changed"
    assert (refused["status"], refused["purpose"]) == ("rejected", "replace")
    assert refused["lines"][0]["answers"][0]["status"] == "rejected"
