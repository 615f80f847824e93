"""Every published document is read, or refused with the fault that is in it."""

from dataclasses import replace

import pytest
from dist_integration_edi.lib.acknowledgement_reading import read_acknowledgement
from dist_integration_edi.lib.documents import ACKNOWLEDGEMENTS, DECLARATIONS, declaration_of
from dist_integration_edi.lib.errors import EdiError, has_errors
from dist_integration_edi.lib.interchange import read_interchanges
from dist_integration_edi.lib.reading import read_document
from dist_integration_edi.lib.serializer import serialize
from edi_kit import listed_faults, sample, sample_names, validator

FAULTS = listed_faults()
REFUSED = {"no IEA": {"truncated"}, "no UNZ": {"truncated"}, "no UNB": {"not_edi", "bad_header"}}
ENVELOPE = {
    "SE count wrong": "segment_count",
    "UNT count wrong": "segment_count",
    "UNT ref wrong": "transaction_reference",
}
# What the list leaves out, seen in the documents themselves. Of the second UNB of the APERAK there is no first UNZ.
REFUSED_TOO = {"APERAK/indice-co+EDI.Net__Samples_Apperak_edi_out_issue235.edi": "truncated"}
ENVELOPE_TOO = {
    "850/chapdad031167+EDI-Map-Check__audit_kit_850_02_structural_errors.edi": {
        "transaction_reference",
        "group_count",
        "interchange_reference",
    },
    "850/hellooops+vscode-edi-support__docs_diagnosctics.x12": {"interchange_reference", "group_reference"},
    "850/indice-co+EDI.Net__Samples_x12.850.issue135.edi": {"duplicate_control_number"},
    "997/xlate+staedi__x12_invalid997_min.edi": {"group_reference"},
    "DESADV/hellooops+vscode-edi-support__docs_DESADV.edifact": {"duplicate_control_number"},
    "ORDERS/DAXaholic+vscode-edifact__test_sample_auto_detect_no_una": {"interchange_reference"},
    "ORDERS/DAXaholic+vscode-edifact__test_sample_auto_detect_with_una": {"interchange_reference"},
    "ORDERS/DAXaholic+vscode-edifact__test_sample_esc_release_char_before_seg_delimiter_formatted.edi": {
        "interchange_reference"
    },
    "ORDERS/DAXaholic+vscode-edifact__test_sample_hash_seg_delimiter_formatted.edi": {
        "interchange_reference"
    },
    "ORDERS/DAXaholic+vscode-edifact__test_sample_line_break.edi": {"interchange_reference"},
    "ORDERS/EDIandXML+OBOE__testFiles_orders.missingMandatoryElements": {"interchange_reference"},
    "ORDERS/EDIandXML+OBOE__testFiles_orders.missingMandatorySegments": {"interchange_reference"},
    "ORDERS/nerdocs+pydifact__data_wikipedia_de.edi": {"interchange_reference"},
    "ORDRSP/indice-co+EDI.Net__Samples_edifact.ORDRSP-formatted.edi": {"interchange_reference"},
    "ORDRSP/indice-co+EDI.Net__Samples_edifact.ORDRSP.edi": {"interchange_reference"},
    "mixed/indice-co+EDI.Net__Samples_edifact.Issue188.edi": {
        "interchange_count",
        "duplicate_control_number",
    },
}
# Faults within documents, by code and place, confirmed by looking at each.
CONTENT = {
    "810/chapdad031167+EDI-Map-Check__source_810_defects.edi": {"invalid_date BIG01"},
    "810/chapdad031167+EDI-Map-Check__source_810_sap.edi": {"missing_element BIG01"},
    "846/chapdad031167+EDI-Map-Check__source_846_defects.edi": {"invalid_date BIA04"},
    "850/chapdad031167+EDI-Map-Check__audit_kit_850_03_semantic_errors.edi": {
        "invalid_code BEG01",
        "invalid_date BEG05",
        "missing_element BEG03",
        "missing_element PO102",
    },
    "850/chapdad031167+EDI-Map-Check__source_850_defects.edi": {"invalid_date BEG05"},
    "850/chapdad031167+EDI-Map-Check__source_850_multi_baseline.edi": {"missing_element BEG01"},
    "850/chapdad031167+EDI-Map-Check__source_850_multi_defects.edi": {"missing_element BEG01"},
    "850/chapdad031167+EDI-Map-Check__source_850_partner.edi": {
        "missing_element BEG01",
        "missing_element BEG05",
    },
    "850/chapdad031167+EDI-Map-Check__source_850_usercsv.edi": {"missing_element BEG01"},
    "850/hellooops+vscode-edi-support__docs_850-lineBreak-LF.x12": {"missing_segment PO1"},
    "850/hellooops+vscode-edi-support__docs_850.x12": {"missing_segment PO1"},
    "850/hellooops+vscode-edi-support__docs_diagnosctics.x12": {
        "invalid_date DTM02",
        "invalid_segment InvalidSegment",
        "missing_segment BEG",
        "missing_segment PO1",
    },
    "855/chapdad031167+EDI-Map-Check__output_855_ack_defects.edi": {
        "too_long ACK01",
        "invalid_date BAK04",
    },
    "855/chapdad031167+EDI-Map-Check__source_855_defects.edi": {"invalid_code ACK01", "invalid_date BAK04"},
    "855/xlate+staedi__issue590_multi-tx-transaction-type.edi": {"invalid_code BAK01"},
    "856/chapdad031167+EDI-Map-Check__source_856_defects.edi": {"unknown_level HL03", "unknown_parent HL02"},
    "856/chapdad031167+EDI-Map-Check__source_856_sap.edi": {"missing_element BSN01"},
    "940/chapdad031167+EDI-Map-Check__source_940_defects.edi": {"invalid_date G6202"},
    "943/chapdad031167+EDI-Map-Check__source_943_defects.edi": {"invalid_date W0603"},
    "944/chapdad031167+EDI-Map-Check__source_944_defects.edi": {"invalid_date W1702"},
    "945/chapdad031167+EDI-Map-Check__source_945_defects.edi": {"invalid_date W0603"},
    "947/chapdad031167+EDI-Map-Check__source_947_defects.edi": {"invalid_date W1501"},
    "DESADV/hellooops+vscode-edi-support__docs_multiple_transactions.edifact": {"missing_segment DTM"},
    "INVOIC/indice-co+EDI.Net__Samples_edifact.Issue203.edi": {"invalid_code ALC01", "missing_segment BGM"},
    "INVOIC/nerdocs+pydifact__data_invoice1.edi": {"invalid_date DTM01"},
    "INVOIC/nerdocs+pydifact__data_invoice_with_colon_at_end.edi": {"invalid_date DTM01"},
    "INVOIC/xlate+staedi__EDIFACT_invoic_d97b_bad.edi": {"invalid_number PRI01", "invalid_number QTY01"},
    "ORDERS/EDIandXML+OBOE__testFiles_orders.escape": {"missing_segment DTM", "missing_segment QTY"},
    "ORDERS/EDIandXML+OBOE__testFiles_orders.missingMandatorySegments": {
        "missing_segment BGM",
        "missing_segment DTM",
    },
    "ORDERS/hellooops+vscode-edi-support__docs_bug-edifact-escape.edifact": {"missing_segment DTM"},
    "ORDERS/hellooops+vscode-edi-support__docs_sample-invalid-version.edifact": {"missing_segment DTM"},
    "ORDERS/hellooops+vscode-edi-support__docs_syntaxVersion4.edifact": {"missing_segment DTM"},
    "ORDERS/sapstern+edifactconverter__resources_ORDERNoName.txt": {"missing_segment QTY"},
    "mixed/hellooops+vscode-edi-support__docs_EDIFACT-interchanges.edifact": {"missing_segment DTM"},
    "mixed/hellooops+vscode-edi-support__docs_X12-interchanges.x12": {"missing_segment PO1"},
    "mixed/indice-co+EDI.Net__Samples_edifact.Issue188.edi": {"missing_segment BGM", "missing_segment MOA"},
}


def refusal(name):
    """Codes a document may be refused with, empty when it is to be read."""
    listed = set().union(*(REFUSED.get(fault, set()) for fault in FAULTS[name]))
    return listed | ({REFUSED_TOO[name]} if name in REFUSED_TOO else set())


def transactions(interchanges):
    return [transaction for interchange in interchanges for transaction in interchange.transactions]


def envelope_errors(interchanges):
    found = [issue for interchange in interchanges for issue in interchange.issues]
    found += [issue for interchange in interchanges for group in interchange.groups for issue in group.issues]
    found += [issue for transaction in transactions(interchanges) for issue in transaction.issues]
    return {issue.code for issue in found if issue.severity == "error"}


def content_error(issue):
    element = f"{issue.position.element:02d}" if issue.position.element else ""
    return f"{issue.code} {issue.position.tag}{element}"


@pytest.mark.parametrize("name", sample_names())
def test_envelopes(name):
    """E1: the envelopes are read, and exactly the faults that are there are found."""
    data = sample(name)
    allowed = refusal(name)
    if allowed:
        with pytest.raises(EdiError) as refused:
            read_interchanges(data)
        assert refused.value.code in allowed
        return
    interchanges = read_interchanges(data)
    expected = {ENVELOPE[fault] for fault in FAULTS[name] if fault in ENVELOPE} | ENVELOPE_TOO.get(
        name, set()
    )
    assert envelope_errors(interchanges) == expected
    traits = [fault for fault in FAULTS[name] if fault not in ENVELOPE]
    for trait in traits:
        check_trait(trait, data, interchanges)


def check_trait(trait, data, interchanges):
    first = interchanges[0]
    if trait.endswith("interchanges"):
        assert len(interchanges) == int(trait.split()[0])
    elif trait.startswith("term="):
        expected = {"'\\x1c'": "\x1c", "'LF'": "\n"}[trait[5:]]
        assert first.separators.terminator == expected
    elif trait.startswith("UNA "):
        assert first.separators.una_text == trait[4:]
    elif trait == "UNG":
        assert any(group.header is not None for one in interchanges for group in one.groups)
    elif trait == "BOM":
        assert data.startswith(b"\xef\xbb\xbf")
    else:
        raise AssertionError(f"{trait} is not checked")


def readable_names():
    return [name for name in sample_names() if name is None or not refusal(name)]


@pytest.mark.parametrize("name", readable_names())
def test_content(name):
    """E1: documents reach their canonical form, which fits its schema, or are refused with the fault that
    is in them."""
    data = sample(name)
    found = set()
    for transaction in transactions(read_interchanges(data)):
        key = (transaction.standard, transaction.code)
        if key in ACKNOWLEDGEMENTS:
            check_acknowledgement(transaction)
            continue
        if key not in DECLARATIONS:
            # 864 and IFTMIN, beside documents that are known
            assert name.startswith("mixed/")
            continue
        declaration = declaration_of(*key, version=transaction.version)
        reading = read_document(transaction, declaration)
        content = [issue for issue in reading.issues if issue not in transaction.issues]
        found |= {content_error(issue) for issue in content if issue.severity == "error"}
        if not has_errors(content):
            assert validator(declaration.document).errors(reading.canonical) == []
    assert found == CONTENT.get(name, set())


def check_acknowledgement(transaction):
    if [segment.tag for segment in transaction.body] == []:
        with pytest.raises(EdiError):
            read_acknowledgement(transaction)
        return
    assert validator("functional.acknowledgement").errors(read_acknowledgement(transaction)) == []


@pytest.mark.parametrize("name", readable_names())
def test_regular_documents_come_back_byte_for_byte(name):
    """E1: what was read can be written as it was."""
    data = sample(name)
    interchanges = read_interchanges(data)
    written = b"".join(serialize(all_segments(one), one.separators) for one in interchanges)
    body = data.removeprefix(b"\xef\xbb\xbf")
    if b"".join(written.split()) != b"".join(body.split()):
        # only what was reported may differ: the terminator that was lost
        assert "missing_terminator" in {issue.code for one in interchanges for issue in one.issues}
    for one in interchanges:
        segments = all_segments(one)
        separators = (
            replace(one.separators, codec="utf-8") if one.separators.codec == "ascii" else one.separators
        )
        again = read_interchanges(serialize(segments, separators, keep_original=False))[0]
        assert [segment.parts for segment in all_segments(again)] == [segment.parts for segment in segments]


def all_segments(interchange):
    found = [interchange.header, *interchange.beside]
    for group in interchange.groups:
        found += [group.header] if group.header else []
        for transaction in group.transactions:
            found += transaction.segments
        found += [group.trailer] if group.trailer else []
    return sorted([*found, interchange.trailer], key=lambda segment: segment.number)


def test_table(capsys):
    """A table of what became of each document."""
    rows = []
    for name in sample_names():
        try:
            interchanges = read_interchanges(sample(name))
        except EdiError as error:
            rows.append((name, "refused", error.code))
            continue
        kinds = sorted({f"{one.code} {one.version}" for one in transactions(interchanges)})
        faults = sorted(envelope_errors(interchanges)) + sorted(CONTENT.get(name, ()))
        rows.append((name, ", ".join(kinds), ", ".join(faults) or "well"))
    with capsys.disabled():
        print()
        for row in rows:
            print(f"{row[0]:<105} {row[1]:<28} {row[2]}")
    assert len(rows) == len(FAULTS)
