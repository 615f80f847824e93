"""Reading X12 and EDIFACT to elements and components, envelopes checked, against pyx12 and pydifact."""

import io
import logging
from collections.abc import Callable

from harness.bench import Bench
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed

ROUNDS = 30
WARMUPS = 3
X12_ORDERS, X12_LINES = 200, 40
EDIFACT_ORDERS, EDIFACT_LINES = 50, 35
ISA = "ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *260615*1200*U*00401*000000001*0*T*>~"


def x12_file() -> str:
    """Return an interchange of orders, one segment a line."""
    segments = [ISA, "GS*PO*BUYER*SELLER*20260615*1200*1*X*004010~"]
    for order in range(1, X12_ORDERS + 1):
        body = [f"BEG*00*SA*P{order:05d}**20260615", "REF*DP*045", "DTM*002*20260701"]
        body += ["N1*ST*STORE 118*92*0118", "N3*4501 CASCADE AVE", "N4*BOULDER*CO*80301"]
        for line in range(1, X12_LINES + 1):
            body += [
                f"PO1*{line}*12*EA*8.5**UP*614141007349*VN*SKU-{line}",
                "PID*F****TRAIL MIX 12OZ",
                "DTM*002*20260701",
            ]
        body.append(f"CTT*{X12_LINES}")
        segments += [f"ST*850*{order:04d}~", *(f"{one}~" for one in body), f"SE*{len(body) + 2}*{order:04d}~"]
    return "\n".join([*segments, f"GE*{X12_ORDERS}*1~", "IEA*1*000000001~\n"])


def edifact_file() -> str:
    """Return an interchange of orders, one segment a line, with a released character in each order line."""
    segments = ["UNA:+.? '", "UNB+UNOC:3+4000001000005:14+4000002000004:14+260615:1200+1'"]
    for order in range(1, EDIFACT_ORDERS + 1):
        body = [f"BGM+220+P{order:05d}+9", "DTM+137:20260615:102", "NAD+BY+4000001000005::9", "CUX+2:EUR:9"]
        for line in range(1, EDIFACT_LINES + 1):
            body += [
                f"LIN+{line}++4006381333931:EN",
                f"PIA+1+SKU-{line}:SA",
                "IMD+F++:::Sealant 300 ml?: grey",
            ]
            body += ["QTY+21:12:PCE", "PRI+AAA:8.5"]
        body += ["UNS+S", f"CNT+2:{EDIFACT_LINES}"]
        segments += [
            f"UNH+{order}+ORDERS:D:96A:UN:EAN008'",
            *(f"{one}'" for one in body),
            f"UNT+{len(body) + 2}+{order}'",
        ]
    return "\n".join([*segments, f"UNZ+{EDIFACT_ORDERS}+1'\n"])


def run(bench: Bench) -> list[Result]:
    """Measure `x12_vs_pyx12` and `edifact_vs_pydifact`."""
    # only now: the addons are on the path, and the tests' packages need not be there for the other cases
    logging.getLogger("pydifact").setLevel(logging.WARNING)
    from pydifact.segmentcollection import Interchange
    from pyx12.x12file import X12Reader

    from odoo.addons.dist_integration_edi.lib.interchange import iterate_transactions

    def ours(data: bytes) -> int:
        found = 0
        for transaction in iterate_transactions(data):
            if not transaction.is_valid:
                raise RuntimeError(f"{transaction.control_number}: {transaction.issues}")
            found += len(transaction.rows)
        return found

    def pyx12(text: str) -> int:
        return sum(1 for _segment in X12Reader(io.StringIO(text)))

    def pydifact(text: str) -> int:
        return len(Interchange.from_str(text).segments)

    rounds = bench.size(ROUNDS)
    return [
        _compare("x12_vs_pyx12", x12_file(), ours, pyx12, rounds),
        _compare("edifact_vs_pydifact", edifact_file(), ours, pydifact, rounds),
    ]


def _compare(
    figure: str, text: str, ours: Callable[[bytes], int], theirs: Callable[[str], int], rounds: int
) -> Result:
    say(f"{figure}: {rounds} rounds")
    data = text.encode()
    segments = text.count("\n")
    for found in (ours(data), theirs(text)):
        # what is around the transactions is counted by one and not by the other
        if not segments - 10 < found <= segments:
            raise RuntimeError(f"{found} segments were read of {segments}.")
    samples = interleave(
        {"theirs": lambda: timed(lambda: theirs(text)), "ours": lambda: timed(lambda: ours(data))},
        rounds,
        WARMUPS,
    )
    slow, quick = samples["theirs"], samples["ours"]
    note = f"{milliseconds(slow)} against {milliseconds(quick)}, {segments} segments, {rounds} pairs"
    return Result.of(figure, ratio(slow, quick), note)
