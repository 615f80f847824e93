"""EDIFACT ORDERS, ORDCHG and ORDRSP."""

from __future__ import annotations

from .edifact_parts import (
    CARRIER,
    CHARGE_LOOP,
    CHARGES,
    CURRENCY,
    DESCRIPTION,
    ITEM,
    LINE,
    LINE_COUNT,
    NOTES,
    PARTIES,
    PARTY_LOOP,
    PRICES,
    REFERENCES,
    SUMMARY,
    TERMS,
    amount,
    date,
    quantity,
)

_LINE = (
    "PIA* IMD* MEA* QTY* PCD* ALI* DTM* MOA* GIN* GIR* QVR DOC* PAI FTX* PAT*{DTM* PCD* MOA*} "
    "PRI*{CUX* APR* RNG* DTM*} RFF*{DTM*} PAC*{MEA* QTY* DTM* PCI*} LOC*{QTY* DTM*} TAX*{MOA LOC*} "
    "NAD*{LOC* RFF*{DTM*} CTA*{COM*}} "
    f"{CHARGE_LOOP} TDT*{{LOC* DTM*}} TOD*{{LOC*}} SCC*{{FTX* RFF* QTY*{{DTM*}}}}"
)
_STRUCTURE = (
    f"BGM! DTM+ PAI ALI* IMD* FTX* GIR* AJT* RFF*{{DTM*}} {PARTY_LOOP} TAX*{{MOA LOC*}} CUX*{{PCD "
    f"DTM*}} PAT*{{DTM* PCD* MOA*}} "
    f"TDT*{{LOC*{{DTM*}}}} TOD*{{LOC*}} PAC*{{MEA*}} {CHARGE_LOOP} LIN*{{{_LINE}}} UNS MOA* CNT*"
)
_HEADER = [
    {"to": "purpose", "from": "BGM03", "codes": "purpose", "default": "original"},
    date("requested_date", "2", "64", "358"),
    date("ship_date", "10", "200"),
    date("cancel_after", "61", "63"),
    CURRENCY,
    *TERMS,
    *CARRIER,
    NOTES,
    {"to": "contract", "from": "RFF01.2(01.1=CT)"},
    CHARGES,
    PARTIES,
]
_FOOTER = [SUMMARY, amount("amount_total", "86", "77", "128"), LINE_COUNT]
_LINE_DETAILS = [
    ITEM,
    DESCRIPTION,
    *PRICES,
    amount("line_total", "203"),
    date("requested_date", "2", "69", "67"),
    date("ship_date", "10"),
    NOTES,
    CHARGES,
    {
        "list": "schedule",
        "each": "SCC/QTY",
        "fields": [
            {"to": "quantity", "from": "QTY01.2", "as": "decimal"},
            {"to": "date", "from": ["DTM01.2(01.1=2)", "DTM01.2"], "as": "date"},
        ],
    },
]

ORDER = {
    "document": "purchase.order",
    "standard": "EDIFACT",
    "code": "ORDERS",
    "structure": _STRUCTURE,
    "fields": [
        {"to": "order_type", "from": "BGM01.1", "default": "220"},
        {"to": "number", "from": "BGM02.1", "required": True},
        date("order_date", "137", "4", required=True),
        *_HEADER,
        REFERENCES,
        {
            "list": "lines",
            "each": "LIN",
            "fields": [
                LINE,
                *quantity("quantity", "21", "1", "59", required=True),
                *_LINE_DETAILS,
                REFERENCES,
            ],
        },
        *_FOOTER,
    ],
}
ORDER["fields"] = [row for row in ORDER["fields"] if row.get("to") != "contract"]

CHANGE = {
    "document": "purchase.change",
    "standard": "EDIFACT",
    "code": "ORDCHG",
    "structure": _STRUCTURE,
    "fields": [
        {"from": "BGM01.1", "constant": "230"},
        {"to": "number", "from": "BGM02.1", "required": True},
        date("date", "137", required=True),
        {"to": "order", "from": "RFF01.2(01.1=ON)", "required": True},
        {"to": "order_date", "from": ["RFF(01.1=ON)/DTM01.2(01.1=171)", "DTM01.2(01.1=4)"], "as": "date"},
        *_HEADER,
        {
            "list": "lines",
            "each": "LIN",
            "fields": [
                LINE,
                {"to": "change", "from": "LIN02", "codes": "line_change", "required": True},
                *quantity("quantity", "21"),
                *_LINE_DETAILS,
            ],
        },
        *_FOOTER,
    ],
}

ACKNOWLEDGEMENT = {
    "document": "purchase.acknowledgement",
    "standard": "EDIFACT",
    "code": "ORDRSP",
    "structure": _STRUCTURE,
    "fields": [
        {"to": "acknowledgement_type", "from": "BGM01.1", "default": "231"},
        {"to": "number", "from": "BGM02.1", "required": True},
        {"to": "status", "from": "BGM03", "codes": "response", "default": "received"},
        date("date", "137", required=True),
        {"to": "order", "from": "RFF01.2(01.1=ON)", "required": True},
        {"to": "order_date", "from": ["RFF(01.1=ON)/DTM01.2(01.1=171)", "DTM01.2(01.1=4)"], "as": "date"},
        *(row for row in _HEADER if row.get("to") != "purpose"),
        date("promised_date", "67", "69", "17"),
        {"to": "supplier_order", "from": "RFF01.2(01.1=VN)"},
        {
            "list": "lines",
            "each": "LIN",
            "fields": [
                LINE,
                *quantity("quantity", "21", "145"),
                *_LINE_DETAILS,
                {
                    "list": "answers",
                    "each": "LIN(02=*)",
                    "fields": [
                        {"to": "status", "from": "LIN02", "codes": "line_status", "required": True},
                        {
                            "to": "quantity",
                            "from": ["../QTY01.2(01.1=113)", "../QTY01.2(01.1=12|83|185)"],
                            "as": "decimal",
                        },
                        {
                            "to": "date",
                            "from": ["../DTM01.2(01.1=67)", "../DTM01.2(01.1=69|2|17)"],
                            "as": "date",
                        },
                    ],
                },
            ],
        },
        *_FOOTER,
    ],
}
