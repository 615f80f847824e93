"""X12 850, 855, 860 and 865."""

from __future__ import annotations

from .x12_parts import (
    CARRIER,
    CHARGES,
    DESCRIPTION,
    LINE_COUNT,
    NOTES,
    PACK,
    PARTIES,
    PARTY_LOOP,
    REFERENCES,
    TERMS,
    order_line,
)

_HEADER = (
    "CUR REF* PER* TAX* FOB CTP* PAM* CSH* SAC* ITD* DIS* INC* DTM* LIN* PID* MEA* PWK* "
    "PKG* TD1* TD5* TD3* TD4* MAN* TXI*"
)
_NOTES = "N9*{DTM* MSG*}"
_LINE = (
    "CUR PO3* CTP* PAM* MEA* PID* PWK* PO4* REF* PER* SAC* IT8* ITD* DIS* TAX* FOB SDQ* DTM* TD1* TD5* TD3* MAN* MSG* "
    "ACK* SPI* TXI* SCH*{REF*} N9*{DTM* MSG*} N1*{N2* N3* N4 REF* PER* TD5*} SLN*{PID* REF* SAC* DTM*}"
)
_SUMMARY = "CTT{AMT*}"

# L1: letters or notes
_TEXTS = {
    "list": "notes",
    "each": "N9/MSG",
    "fields": [
        {"from": "../N901", "constant": "L1"},
        {"from": "../N902", "constant": "NOTES"},
        *NOTES["fields"],
    ],
}
_COMMON = [
    {"to": "currency", "from": "CUR02"},
    REFERENCES,
    {"to": "contact", "from": "PER02"},
    CHARGES,
    *TERMS,
    {"to": "requested_date", "from": ["DTM02(01=002)", "DTM02(01=063)", "DTM02(01=064)"], "as": "date"},
    {"to": "ship_date", "from": ["DTM02(01=010)", "DTM02(01=037)", "DTM02(01=038)"], "as": "date"},
    {"to": "cancel_after", "from": "DTM02(01=001)", "as": "date"},
    *CARRIER,
    _TEXTS,
    PARTIES,
]
_LINE_DETAILS = [
    DESCRIPTION,
    *PACK,
    REFERENCES,
    CHARGES,
    {"to": "requested_date", "from": ["DTM02(01=002)", "DTM02(01=063)"], "as": "date"},
    {"to": "ship_date", "from": "DTM02(01=010)", "as": "date"},
    {
        "list": "schedule",
        "each": "SCH",
        "fields": [
            {"to": "quantity", "from": "SCH01", "as": "decimal"},
            {"to": "unit", "from": "SCH02", "codes": "units", "unknown": "keep"},
            {"to": "date", "from": "SCH06", "as": "date"},
        ],
    },
    _TEXTS,
]
# places and quantities, up to ten pairs in each SDQ; written are segments of one pair
_DESTINATIONS = [
    {
        "list": "destinations",
        "each": f"SDQ({place:02d}=*)",
        "fields": [
            {"to": "unit", "from": "SDQ01", "codes": "units", "unknown": "keep"},
            {"to": "place", "from": f"SDQ{place:02d}"},
            {"to": "quantity", "from": f"SDQ{place + 1:02d}", "as": "decimal"},
        ],
    }
    for place in range(3, 23, 2)
]
# 067: current schedule, 017: estimated, 069: promised for delivery
_PROMISED = {
    "to": "promised_date",
    "from": ["DTM02(01=067)", "DTM02(01=017)", "DTM02(01=069)"],
    "as": "date",
}
_ANSWERS = {
    "list": "answers",
    "each": "ACK",
    "fields": [
        {"to": "status", "from": "ACK01", "codes": "line_status", "required": True},
        {"to": "reason", "from": "ACK29"},
        {"to": "quantity", "from": "ACK02", "as": "decimal"},
        {"to": "unit", "from": "ACK03", "codes": "units", "unknown": "keep"},
        {"to": "date_type", "from": "ACK04"},
        {"to": "date", "from": "ACK05", "as": "date"},
        {"items": "item", "from": "ACK07"},
    ],
}
_TOTALS = [LINE_COUNT, {"to": "amount_total", "from": "CTT/AMT02(01=TT)", "as": "decimal"}]
_CHANGED_LINE = [
    {"to": "line", "from": "POC01"},
    {"to": "change", "from": "POC02", "codes": "line_change", "required": True},
    {"to": "quantity", "from": "POC03", "as": "decimal"},
    {"to": "open_quantity", "from": "POC04", "as": "decimal"},
    {"to": "unit", "from": "POC05", "codes": "units", "unknown": "keep"},
    {"to": "unit_price", "from": "POC06", "as": "decimal"},
    {"to": "price_basis", "from": "POC07"},
    {"items": "item", "from": "POC08"},
]

ORDER = {
    "document": "purchase.order",
    "standard": "X12",
    "code": "850",
    "group": "PO",
    "structure": f"BEG! {_HEADER} {_NOTES} {PARTY_LOOP} PO1+{{{_LINE}}} {_SUMMARY}",
    "fields": [
        {"to": "purpose", "from": "BEG01", "codes": "purpose", "required": True},
        {"to": "order_type", "from": "BEG02", "default": "SA"},
        {"to": "number", "from": "BEG03", "required": True},
        {"to": "release", "from": "BEG04"},
        {"to": "order_date", "from": "BEG05", "as": "date", "required": True},
        {"to": "contract", "from": "BEG06"},
        *_COMMON,
        {
            "list": "lines",
            "each": "PO1",
            "required": True,
            "fields": [*order_line("PO1"), *_LINE_DETAILS, *_DESTINATIONS],
        },
        *_TOTALS,
    ],
}

ACKNOWLEDGEMENT = {
    "document": "purchase.acknowledgement",
    "standard": "X12",
    "code": "855",
    "group": "PR",
    "structure": f"BAK! {_HEADER} {_NOTES} {PARTY_LOOP} PO1*{{{_LINE}}} {_SUMMARY}",
    "fields": [
        {"to": "purpose", "from": "BAK01", "codes": "purpose", "required": True, "default": "original"},
        {"to": "status", "from": "BAK02", "codes": "response", "required": True},
        {"to": "acknowledgement_type", "from": "BAK02"},
        {"to": "order", "from": "BAK03", "required": True},
        {"to": "order_date", "from": "BAK04", "as": "date"},
        {"to": "release", "from": "BAK05"},
        {"to": "contract", "from": "BAK07"},
        {"to": "number", "from": "BAK08"},
        {"to": "date", "from": "BAK09", "as": "date"},
        *_COMMON,
        _PROMISED,
        {
            "list": "lines",
            "each": "PO1",
            "fields": [
                *(
                    {**row, "required": False} if row.get("to") == "quantity" else row
                    for row in order_line("PO1")
                ),
                *_LINE_DETAILS,
                _PROMISED,
                _ANSWERS,
            ],
        },
        *_TOTALS,
    ],
}

CHANGE = {
    "document": "purchase.change",
    "standard": "X12",
    "code": "860",
    "group": "PC",
    "structure": f"BCH! {_HEADER} {_NOTES} {PARTY_LOOP} POC*{{{_LINE}}} {_SUMMARY}",
    "fields": [
        {"to": "purpose", "from": "BCH01", "codes": "purpose", "required": True},
        {"to": "order_type", "from": "BCH02", "default": "SA"},
        {"to": "order", "from": "BCH03", "required": True},
        {"to": "release", "from": "BCH04"},
        {"to": "sequence", "from": "BCH05"},
        {"to": "order_date", "from": "BCH06", "as": "date", "required": True},
        {"to": "number", "from": "BCH07"},
        {"to": "contract", "from": "BCH08"},
        {"to": "date", "from": "BCH11", "as": "date"},
        *_COMMON,
        {"list": "lines", "each": "POC", "fields": [*_CHANGED_LINE, *_LINE_DETAILS]},
        *_TOTALS,
    ],
}

CHANGE_ACKNOWLEDGEMENT = {
    "document": "purchase.acknowledgement",
    "standard": "X12",
    "code": "865",
    "group": "CA",
    "structure": f"BCA! {_HEADER} {_NOTES} {PARTY_LOOP} POC*{{{_LINE}}} {_SUMMARY}",
    "fields": [
        {"to": "purpose", "from": "BCA01", "codes": "purpose", "required": True, "default": "original"},
        {"to": "status", "from": "BCA02", "codes": "response", "required": True},
        {"to": "acknowledgement_type", "from": "BCA02"},
        {"to": "order", "from": "BCA03", "required": True},
        {"to": "release", "from": "BCA04"},
        {"to": "sequence", "from": "BCA05"},
        {"to": "order_date", "from": "BCA06", "as": "date"},
        {"to": "change", "from": "BCA07"},
        {"to": "contract", "from": "BCA08"},
        {"to": "number", "from": "BCA09"},
        {"to": "date", "from": "BCA10", "as": "date"},
        *_COMMON,
        _PROMISED,
        {
            "list": "lines",
            "each": "POC",
            "fields": [
                *(
                    {**row, "default": "no_change"} if row.get("to") == "change" else row
                    for row in _CHANGED_LINE
                ),
                *_LINE_DETAILS,
                _PROMISED,
                _ANSWERS,
            ],
        },
        *_TOTALS,
    ],
}
