"""X12 856, 810, 846 and 832."""

from __future__ import annotations

from .x12_parts import (
    CARRIER,
    CHARGES,
    DESCRIPTION,
    LINE_COUNT,
    PACK,
    PARTIES,
    PARTY_LOOP,
    REFERENCES,
    TERMS,
    order_line,
)

SHIP_NOTICE = {
    "document": "ship.notice",
    "standard": "X12",
    "code": "856",
    "group": "SH",
    "structure": (
        "BSN! DTM* "
        "HL+{LIN* SN1 SLN* PRF PO4* PID* MEA* PWK* PKG* TD1* TD5* TD3* TD4* TSD REF* PER* LH1* CLD* MAN* DTM* FOB "
        "PAL CUR ITA* SAC* N1*{N2* N3* N4 REF* PER*}} CTT"
    ),
    "fields": [
        {"to": "purpose", "from": "BSN01", "codes": "purpose", "required": True},
        {"to": "number", "from": "BSN02", "required": True},
        {"to": "created_at", "from": "BSN03", "as": "moment", "required": True},
        {"to": "shape", "from": "BSN05", "default": "0001"},
        {"to": "shipped_at", "from": "DTM02(01=011)", "as": "moment"},
        {"to": "expected_at", "from": ["DTM02(01=017)", "DTM02(01=067)"], "as": "moment"},
        {"from": "CTT01", "count": "hierarchy"},
    ],
    "hierarchy": {
        "loop": "HL",
        "id": 1,
        "parent": 2,
        "level": 3,
        "codes": {"S": "shipment", "O": "order", "P": "package", "T": "package", "I": "item"},
        "levels": {
            "shipment": [
                {"to": "lading_quantity", "from": "TD102", "as": "decimal"},
                {"to": "packaging", "from": "TD101"},
                {"to": "weight.value", "from": "TD107", "as": "decimal"},
                {"to": "weight.unit", "from": "TD108", "codes": "units", "unknown": "keep"},
                *CARRIER,
                {"to": "equipment", "from": "TD303"},
                {"to": "bill_of_lading", "from": "REF02(01=BM)"},
                {"to": "tracking", "from": ["REF02(01=CN)", "REF02(01=2I)"]},
                {"to": "shipped_at", "from": "DTM02(01=011)", "as": "moment"},
                {"to": "expected_at", "from": ["DTM02(01=017)", "DTM02(01=067)"], "as": "moment"},
                PARTIES,
            ],
            "order": [
                {"to": "number", "from": "PRF01", "required": True},
                {"to": "release", "from": "PRF02"},
                {"to": "order_date", "from": "PRF04", "as": "date"},
                {"to": "supplier_order", "from": "REF02(01=VN)"},
                {"to": "department", "from": "REF02(01=DP)"},
                PARTIES,
            ],
            "package": [
                {"to": "sscc", "from": ["MAN02(01=GM)", "MAN02(01=AA)"]},
                {"to": "package", "from": ["MAN02(01=CA)", "MAN02(01=CP)"]},
                {"to": "tracking_number", "from": ["MAN05(04=CP)", "REF02(01=CN)"]},
                {"to": "packaging", "from": ["TD101", "PKG05"]},
                {"to": "weight.value", "from": "TD107", "as": "decimal"},
                {"to": "weight.unit", "from": "TD108", "codes": "units", "unknown": "keep"},
            ],
            "item": [
                {"to": "line", "from": ["LIN01", "SN101"]},
                {"items": "item", "from": "LIN02"},
                {"to": "quantity", "from": "SN102", "as": "decimal", "required": True},
                {"to": "unit", "from": "SN103", "codes": "units", "unknown": "keep"},
                {"to": "ordered", "from": "SN105", "as": "decimal"},
                {"to": "status", "from": "SN108"},
                DESCRIPTION,
                *PACK,
                {"to": "order", "from": "PRF01"},
                {"to": "lot", "from": "REF02(01=LT)"},
                {"to": "serial", "from": "REF02(01=SE)"},
                {"to": "expiry", "from": "DTM02(01=036)", "as": "date"},
            ],
        },
    },
}

INVOICE = {
    "document": "invoice",
    "standard": "X12",
    "code": "810",
    "group": "IN",
    "structure": (
        f"BIG! NTE* CUR REF* YNQ* PER* {PARTY_LOOP} ITD* DTM* FOB PID* MEA* PWK* PKG* LM*{{LQ*}} N9*{{MSG*}} "
        "IT1*{CRC* QTY* CUR IT3* TXI* CTP* PAM* MEA* PID* PWK* PKG* PO4* ITD* REF* PER* SDQ* DTM* CAD* SAC*{TXI*} "
        "SLN*{PID* REF* SAC*} N1*{N2* N3* N4 REF*}} "
        "TDS! TXI* CAD AMT* SAC*{TXI*} ISS* CTT"
    ),
    "fields": [
        {"to": "invoice_date", "from": "BIG01", "as": "date", "required": True},
        {"to": "number", "from": "BIG02", "required": True},
        {"to": "order_date", "from": "BIG03", "as": "date"},
        {"to": "order", "from": "BIG04"},
        {"to": "release", "from": "BIG05"},
        {"to": "type", "from": "BIG07", "codes": "invoice_type", "default": "invoice"},
        {"to": "currency", "from": "CUR02"},
        REFERENCES,
        PARTIES,
        *TERMS,
        {"to": "shipped_date", "from": ["DTM02(01=011)", "DTM02(01=035)"], "as": "date"},
        {
            "list": "lines",
            "each": "IT1",
            "fields": [
                *order_line("IT1"),
                DESCRIPTION,
                *PACK,
                REFERENCES,
                CHARGES,
                {
                    "list": "taxes",
                    "each": "TXI",
                    "fields": [
                        {"to": "tax", "from": "TXI01"},
                        {"to": "amount", "from": "TXI02", "as": "decimal"},
                        {"to": "percent", "from": "TXI03", "as": "decimal"},
                    ],
                },
            ],
        },
        {"to": "amount_total", "from": "TDS01", "as": "N2", "required": True},
        {"to": "amount_discountable", "from": "TDS02", "as": "N2"},
        {"to": "amount_after_discount", "from": "TDS03", "as": "N2"},
        {
            "list": "taxes",
            "each": "TXI",
            "fields": [
                {"to": "tax", "from": "TXI01"},
                {"to": "amount", "from": "TXI02", "as": "decimal"},
                {"to": "percent", "from": "TXI03", "as": "decimal"},
                {"to": "base", "from": "TXI08", "as": "decimal"},
            ],
        },
        {"to": "carrier", "from": "CAD04"},
        CHARGES,
        LINE_COUNT,
    ],
}

INVENTORY_REPORT = {
    "document": "inventory.report",
    "standard": "X12",
    "code": "846",
    "group": "IB",
    "structure": (
        f"BIA! CUR DTM* REF* PER* {PARTY_LOOP} LIN+{{PID* MEA* DTM* REF* CTP* PO4* UIT* "
        "QTY*{UIT* SCH* LS* LDT* MEA* DTM*} SDQ* N1*{N2* N3* N4 REF* QTY*}} CTT"
    ),
    "fields": [
        {"to": "purpose", "from": "BIA01", "codes": "purpose", "required": True},
        {"to": "report_type", "from": "BIA02", "default": "DD"},
        {"to": "number", "from": "BIA03", "required": True},
        {"to": "reported_at", "from": "BIA04", "as": "moment", "required": True},
        {"to": "currency", "from": "CUR02"},
        REFERENCES,
        PARTIES,
        {
            "list": "lines",
            "each": "LIN",
            "required": True,
            "fields": [
                {"to": "line", "from": "LIN01"},
                {"items": "item", "from": "LIN02", "required": True},
                DESCRIPTION,
                {"to": "unit_price", "from": "CTP03", "as": "decimal"},
                {"to": "available_date", "from": ["DTM02(01=018)", "DTM02(01=067)"], "as": "date"},
                {
                    "list": "quantities",
                    "each": "QTY",
                    "fields": [
                        {"to": "type", "from": "QTY01", "codes": "inventory", "unknown": "keep"},
                        {"to": "quantity", "from": "QTY02", "as": "decimal", "required": True},
                        {"to": "unit", "from": "QTY03", "codes": "units", "unknown": "keep"},
                    ],
                },
            ],
        },
        LINE_COUNT,
    ],
}

PRICE_CATALOGUE = {
    "document": "price.catalogue",
    "standard": "X12",
    "code": "832",
    "group": "SC",
    "structure": (
        f"BCT! REF* PER* CUR DTM* SAC* ITD* PID* {PARTY_LOOP} "
        "LIN+{G53 DTM* REF* PER* CTB* PID* MEA* PKG* PO4* SAC* LDT* CTP*{DTM* CUR SAC*} N1*{N3* N4}} CTT"
    ),
    "fields": [
        {"to": "catalogue_type", "from": "BCT01", "default": "PC"},
        {"to": "number", "from": "BCT02", "required": True},
        {"to": "version", "from": "BCT03"},
        {"to": "currency", "from": "CUR02"},
        REFERENCES,
        {"to": "valid_from", "from": ["DTM02(01=007)", "DTM02(01=152)"], "as": "date"},
        {"to": "valid_to", "from": ["DTM02(01=036)", "DTM02(01=197)"], "as": "date"},
        {"to": "date", "from": ["DTM02(01=097)", "DTM02(01=102)"], "as": "date"},
        PARTIES,
        {
            "list": "lines",
            "each": "LIN",
            "required": True,
            "fields": [
                {"to": "line", "from": "LIN01"},
                {"items": "item", "from": "LIN02", "required": True},
                DESCRIPTION,
                *PACK,
                {
                    "list": "prices",
                    "each": "CTP",
                    "fields": [
                        {"to": "type", "from": "CTP02"},
                        {"to": "unit_price", "from": "CTP03", "as": "decimal", "required": True},
                        {"to": "minimum_quantity", "from": "CTP04", "as": "decimal"},
                        {"to": "unit", "from": "CTP05", "codes": "units", "unknown": "keep"},
                        {"to": "valid_from", "from": "DTM02(01=007)", "as": "date"},
                        {"to": "valid_to", "from": "DTM02(01=036)", "as": "date"},
                    ],
                },
            ],
        },
        LINE_COUNT,
    ],
}
