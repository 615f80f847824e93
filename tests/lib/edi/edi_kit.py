"""What the tests of EDI share: the published samples, invented documents, and the way through the library."""

import json
import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from dist_integration_base.lib.schema import compile_schema
from dist_integration_edi.lib.documents import declaration_of
from dist_integration_edi.lib.envelope import Address, Envelope, Outgoing, build_interchange
from dist_integration_edi.lib.interchange import read_interchanges
from dist_integration_edi.lib.reading import read_document
from dist_integration_edi.lib.separators import EDIFACT_DEFAULT, X12_DEFAULT
from dist_integration_edi.lib.writing import write_document

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = Path(os.environ.get("EDI_SAMPLES") or ROOT.parent / "shared" / "samples" / "edi")
ISA = "ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *260615*1200*U*00401*000000007*0*T*>~"
NOW = datetime(2026, 3, 2, 14, 5)


def sample_names():
    """Names of the published documents; a single None where they are not at hand."""
    if not SAMPLES.is_dir():
        return [None]
    return sorted(str(path.relative_to(SAMPLES)) for path in SAMPLES.glob("*/*"))


def sample(name):
    """Bytes of a published document; the test is skipped without them."""
    if name is None or not SAMPLES.is_dir():
        pytest.skip(f"no sample documents in {SAMPLES}; name their folder in EDI_SAMPLES")
    return (SAMPLES / name).read_bytes()


def listed_faults():
    """What SOURCES.md says is wrong with each document, and other traits it names."""
    page = SAMPLES / "SOURCES.md"
    if not page.is_file():
        return {}
    rows = re.findall(r"^\| (\S+/.+?) \|.*\| ?(.*?) ?\|$", page.read_text(), re.MULTILINE)
    return {name: [fault for fault in faults.split("; ") if fault] for name, faults in rows}


def x12(*segments, version="004010", group="PO", isa=ISA, code="850", end="~"):
    """An interchange around the segments of one transaction."""
    body = [f"ST*{code}*0001", *segments, f"SE*{len(segments) + 2}*0001"]
    whole = [f"GS*{group}*BUYER*SELLER*20260615*1200*1*X*{version}", *body, "GE*1*1", "IEA*1*000000007"]
    return (isa + "".join(segment + end for segment in whole)).encode()


def edifact(
    *segments,
    code="ORDERS",
    version="D:96A",
    una="UNA:+.? '",
    unb="UNB+UNOC:3+BUYER:14+SELLER:14+260615:1200+7'",
):
    """An interchange around the segments of one message."""
    body = [f"UNH+1+{code}:{version}:UN", *segments, f"UNT+{len(segments) + 2}+1"]
    return (una + unb + "".join(segment + "'" for segment in [*body, "UNZ+1+7"])).encode("iso8859-1")


def first(data):
    """The first transaction of an interchange."""
    return read_interchanges(data)[0].transactions[0]


def read(data, overlay=None):
    """Canonical document and issues of the first transaction."""
    transaction = first(data)
    declaration = declaration_of(transaction.standard, transaction.code, overlay, transaction.version)
    return read_document(transaction, declaration)


def codes(issues):
    return [issue.code for issue in issues]


def errors(issues):
    return [issue.code for issue in issues if issue.severity == "error"]


def write(document, standard, code, version, overlay=None, separators=None):
    """Bytes of an interchange with one document."""
    declaration = declaration_of(standard, code, overlay, version)
    separators = separators or (X12_DEFAULT if standard == "X12" else EDIFACT_DEFAULT)
    segments = write_document(document, declaration, separators)
    envelope = Envelope(Address("SELLER", "ZZ"), Address("BUYER", "ZZ"), 8, 3, NOW)
    return build_interchange(envelope, [Outgoing(code, segments, version, declaration.group)], separators)


def validator(document):
    """The schema of a canonical document; the warehouse's messages have theirs in its addon."""
    for addon in ("dist_integration_edi", "dist_integration_wms"):
        path = ROOT / "addons" / addon / "schemas" / f"{document}.v1.json"
        if path.is_file():
            return compile_schema(json.loads(path.read_text()))
    raise LookupError(document)
