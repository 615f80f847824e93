"""Suggestions by name (E7)."""

from dist_integration_edi.lib.similarity import bare, closest, fragment, likeness


def test_numbers_as_people_write_them():
    """E7: case, dashes, blanks and zeros in front are no difference."""
    assert bare("00-ab 12") == bare("AB-12") == "ab12"
    assert bare("AB-12") != bare("AB-120")
    assert fragment("00-ab 120") == "120" and fragment("Hose-5") == "hose" and fragment("--") == "--"


def test_names():
    """E7: words in any order, with slips; another size is another item."""
    assert likeness("Work gloves, leather", "Leather work gloves") == 1.0
    assert likeness("Leather glove", "Leather gloves") > 0.9
    assert likeness("Hose 25 m", "Hose 50 m") < likeness("Hose 25 m", "Hose 25 m green")
    assert likeness("", "Hose") == 0.0
    assert likeness("***", "Hose") == 0.0


def test_the_closest():
    """E7: nothing is suggested that is not alike."""
    names = [(1, "Garden hose 25 m"), (2, "Garden hose 50 m"), (3, "Ladder")]
    assert closest("HOSE GARDEN 50M 50 m", names)[0] == 2
    assert closest("Ladder", names) == (3, 1.0)
    assert closest("Bucket", names) is None
    assert closest("", names) is None and closest("Hose", []) is None
