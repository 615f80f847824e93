"""Rows that several documents of X12 share."""

from __future__ import annotations

PARTY_FIELDS = [
    {"to": "name", "from": "N102"},
    {"to": "id_type", "from": "N103"},
    {"to": "id", "from": "N104"},
    {"to": "name2", "from": "N201"},
    {"to": "street", "from": "N301"},
    {"to": "street2", "from": "N302"},
    {"to": "city", "from": "N401"},
    {"to": "state", "from": "N402"},
    {"to": "zip", "from": "N403"},
    {"to": "country", "from": "N404"},
    {"to": "contact", "from": "PER02"},
    {"to": "phone", "from": ["PER04(03=TE)", "PER06(05=TE)", "PER08(07=TE)"]},
    {"to": "email", "from": ["PER06(05=EM)", "PER04(03=EM)", "PER08(07=EM)"]},
]
PARTIES = {
    "map": "parties",
    "each": "N1",
    "key": {"from": "N101", "codes": "parties", "unknown": "keep"},
    "fields": PARTY_FIELDS,
}
PARTY_LOOP = "N1*{N2* N3* N4 REF* PER* DTM* FOB TD5*}"

REFERENCES = {
    "list": "references",
    "each": "REF",
    "fields": [
        {"to": "type", "from": "REF01", "codes": "references", "unknown": "keep"},
        {"to": "number", "from": "REF02"},
        {"to": "description", "from": "REF03"},
    ],
}
CHARGES = {
    "list": "charges",
    "each": "SAC",
    "fields": [
        {"to": "type", "from": "SAC01", "codes": "charge", "required": True},
        {"to": "code", "from": "SAC02"},
        {"to": "amount", "from": "SAC05", "as": "N2"},
        {"to": "percent", "from": "SAC07", "as": "decimal"},
        {"to": "description", "from": "SAC15"},
    ],
}
TERMS = [
    {"to": "terms.type", "from": "ITD01"},
    {"to": "terms.basis", "from": "ITD02"},
    {"to": "terms.discount_percent", "from": "ITD03", "as": "decimal"},
    {"to": "terms.discount_date", "from": "ITD04", "as": "date"},
    {"to": "terms.discount_days", "from": "ITD05", "as": "integer"},
    {"to": "terms.due_date", "from": "ITD06", "as": "date"},
    {"to": "terms.due_days", "from": "ITD07", "as": "integer"},
    {"to": "terms.description", "from": "ITD12"},
]
CARRIER = [
    {"to": "carrier", "from": ["TD503(02=2)", "TD503"]},
    {"to": "transport_method", "from": "TD504"},
    {"to": "routing", "from": "TD505"},
]
NOTES = {"list": "notes", "each": "MSG", "fields": [{"to": "text", "from": "MSG01"}]}
LINE_COUNT = {"from": "CTT01", "count": "lines"}

DESCRIPTION = {"to": "description", "from": ["PID05(01=F)", "PID05"]}
PACK = [
    {"to": "pack.quantity", "from": "PO401", "as": "decimal"},
    {"to": "pack.size", "from": "PO402", "as": "decimal"},
    {"to": "pack.unit", "from": "PO403", "codes": "units", "unknown": "keep"},
    {"to": "pack.inner", "from": "PO414", "as": "decimal"},
]


def order_line(tag: str, first: int = 6) -> list[dict]:
    """Line, quantity, unit, price and item numbers as PO1 and IT1 have them."""
    return [
        {"to": "line", "from": f"{tag}01"},
        {"to": "quantity", "from": f"{tag}02", "as": "decimal", "required": True},
        {"to": "unit", "from": f"{tag}03", "codes": "units", "unknown": "keep"},
        {"to": "unit_price", "from": f"{tag}04", "as": "decimal"},
        {"to": "price_basis", "from": f"{tag}05"},
        {"items": "item", "from": f"{tag}{first:02d}"},
    ]


def item_by_case_code(tag: str, case_code: int, first_pair: int) -> list[dict]:
    """GTIN and item number as the warehouse documents have them: a UPC case code, then pairs.

    A case code with a wrong check digit is no GTIN; it may still name the item.
    """
    pairs = [f"{tag}{first_pair + 1:02d}({first_pair:02d}=VN|SK|VP|IN|BP)", f"{tag}{first_pair + 1:02d}"]
    return [
        {"to": "gtin", "from": f"{tag}{case_code:02d}", "as": "gtin"},
        {"to": "sku", "from": [*pairs, f"{tag}{case_code:02d}"]},
    ]
