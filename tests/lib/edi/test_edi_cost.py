"""What hostile documents cost: time in proportion to their size."""

import time

import pytest
from dist_integration_edi.lib.interchange import MAX_STRAY, read_interchanges
from dist_integration_edi.lib.recognition import recognize
from edi_kit import ISA, read, x12

BEG = "BEG*00*SA*P1**20260302"
LINE = "PO1*1*1*EA*1**VN*X"


def single_behind_many(number):
    return x12(BEG, *["REF*DP*1"] * number, *["CUR*BY*USD"] * number, LINE)


def marks(number):
    body = [f"MAN*GM*{one:018}" for one in range(number)]
    return x12("W06*F*SH1*20260302*N-1", "LX*1", *body, "W12*CC*4*4**EA**VN*X", code="945", group="SW")


@pytest.mark.parametrize("document", [single_behind_many, marks])
def test_documents(document):
    """E1: four times the segments cost about four times as much; quadratic would be sixteen times."""
    part, whole = (_cost(lambda size=size: read(document(size))) for size in (1_000, 4_000))
    assert whole < 10 * part + 0.5


def test_a_sample_of_faults():
    """E9: a sample with many interchanges of many faults costs in proportion, and each fault is told once."""
    lines = [f"PO1*{number}*x*EA*1**VN*X" for number in range(10)]

    def file(number):
        return b"".join(x12(BEG, *lines, isa=ISA) for _one in range(number))

    part, whole = (_cost(lambda size=size: recognize(file(size))) for size in (25, 100))
    assert whole < 10 * part + 0.5
    issues = recognize(file(3))["issues"]
    assert len([issue for issue in issues if issue["code"] == "invalid_number"]) == 30


def test_segments_that_belong_nowhere():
    """E1: of what stands between envelopes the first are told; each document is refused with them."""
    (interchange,) = read_interchanges(x12(BEG, LINE).replace(b"GE*", b"BEG*00~SE*1*1~" * 1_000 + b"GE*"))
    assert len(interchange.issues) == MAX_STRAY


def _cost(work):
    started = time.process_time()
    work()
    return time.process_time() - started
