"""The same documents through other readers: what they accept, we read alike."""

import io
import logging

import pytest
from dist_integration_edi.lib.errors import EdiError
from dist_integration_edi.lib.interchange import read_interchanges
from dist_integration_edi.lib.tokenizer import Tokenizer
from edi_kit import sample, sample_names


def names(kind):
    """Documents that start like *kind*."""
    if sample_names() == [None]:
        return [None]
    return [name for name in sample_names() if sample(name).lstrip(b"\xef\xbb\xbf\r\n ").startswith(kind)]


@pytest.mark.filterwarnings("ignore:segments.xml not found")
@pytest.mark.parametrize("name", names((b"UNA", b"UNB")))
def test_pydifact(name):
    """E1: elements and components as pydifact has them; it merges interchanges, drops the headers and
    empty components at
    the end, and knows no repetition."""
    segments = pytest.importorskip("pydifact.segmentcollection")
    data = sample(name)
    try:
        interchanges = read_interchanges(data)
    except EdiError:
        pytest.skip("refused by ours")
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode(_codec(interchanges[0], data))
        theirs = segments.RawSegmentCollection.from_str(text).segments
    except Exception as error:
        pytest.skip(f"refused by pydifact: {error}")
    if any(one.separators.repetition for one in interchanges):
        pytest.skip("pydifact knows no repetition")
    ours = [segment.parts for segment in Tokenizer(data)]
    theirs = [[one.tag, *one.elements] for one in theirs]
    theirs = [parts for parts in theirs if parts[0] != "UNA"]
    assert [_trimmed(parts) for parts in ours] == [_trimmed(parts) for parts in theirs]


def _codec(interchange, data):
    """The announced set, or what is there instead."""
    for codec in (interchange.separators.codec, "utf-8"):
        try:
            data.decode(codec)
        except UnicodeDecodeError:
            continue
        return codec
    return "iso8859-1"


def _trimmed(parts):
    """Without empty parts at the end, line breaks within values as blanks do not matter."""
    trimmed = []
    for part in parts:
        values = [part] if isinstance(part, str) else list(part)
        while values and not values[-1]:
            values.pop()
        trimmed.append(values)
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return trimmed


@pytest.mark.parametrize("name", names(b"ISA"))
def test_pyx12(name):
    """E1: elements as pyx12's reader has them, and the same verdict on SE, GE and IEA."""
    x12file = pytest.importorskip("pyx12.x12file")
    errors = pytest.importorskip("pyx12.errors")
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    data = sample(name)
    try:
        interchanges = read_interchanges(data)
    except EdiError:
        pytest.skip("refused by ours")
    if len(interchanges) > 1:
        pytest.skip("pyx12 reads one interchange with one set of separators")
    try:
        reader = x12file.X12Reader(io.StringIO(data.decode("iso8859-1").lstrip("\ufeff\r\n ")))
        theirs = [(segment, [error[1] for error in reader.pop_errors()]) for segment in reader]
    except (errors.EngineError, errors.X12Error, AttributeError, IndexError, ValueError) as error:
        pytest.skip(f"refused by pyx12: {error}")
    ours = [segment for segment in Tokenizer(data) if segment.parts[0] != "ISA"]
    if any(issue.code == "missing_terminator" for issue in interchanges[0].issues):
        # pyx12 drops a segment without terminator and says nothing.
        ours.pop()
    theirs_parts = [segment for segment, _errors in theirs if segment.get_seg_id() != "ISA"]
    assert [segment.tag for segment in ours] == [segment.get_seg_id() for segment in theirs_parts]
    component, repetition = interchanges[0].separators.component, interchanges[0].separators.repetition
    for mine, other in zip(ours, theirs_parts):
        if len(mine.tag) > 3:
            # A name pyx12 cannot address elements by.
            continue
        assert _trimmed(mine.parts[1:]) == _trimmed(_elements(other, component, repetition))


def _elements(segment, component, repetition):
    found = []
    for number in range(1, len(segment) + 1):
        value = segment.get_value(f"{segment.get_seg_id()}{number:02d}") or ""
        if repetition and repetition in value:
            found.append(
                tuple(one.split(component) if component in one else one for one in value.split(repetition))
            )
        else:
            found.append(value.split(component) if component in value else value)
    return found
