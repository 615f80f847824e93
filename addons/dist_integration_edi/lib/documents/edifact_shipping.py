"""EDIFACT DESADV, RECADV, INVOIC, INVRPT, PRICAT and APERAK."""

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

_PACKING = {
    "loop": "CPS",
    "id": 1,
    "parent": 2,
    "item": "LIN",
    "package": "PAC",
    # Marks of a package: serial shipping container code, and numbers of the carrier.
    "marks": ["BJ", "AW", "ML"],
}
_PACKAGE = [
    {"to": "quantity", "from": "PAC01", "as": "decimal", "default": "1"},
    {"to": "packaging", "from": "PAC03.1"},
    {"to": "weight.value", "from": "MEA03.2(02.1=AAB|G)", "as": "decimal"},
    {"to": "weight.unit", "from": "MEA03.1(02.1=AAB|G)", "codes": "units", "unknown": "keep"},
]
_LOT_AND_ORDER = [
    {"to": "order", "from": ["RFF01.2(01.1=ON)", "RFF01.2(01.1=VN)"]},
    {"to": "order_line", "from": ["RFF01.3(01.1=ON)", "RFF01.3(01.1=VN)"]},
    {"to": "lot", "from": ["PCI/GIN02.1(01=BX)", "GIN02.1(01=BX)", "RFF01.2(01.1=BT)"]},
    {"to": "expiry", "from": ["PCI/DTM01.2(01.1=36|361)", "DTM01.2(01.1=36|361)"], "as": "date"},
]
_GOODS = (
    "CPS*{FTX* PAC*{MEA* QTY* HAN*{FTX* RFF* DGS* GIN*} TDT* LOC* RFF*{DTM*} PCI*{RFF* DTM* GIR* GIN*}} "
    "LIN*{PIA* IMD* MEA* QTY* ALI* GIN* GIR* DLM* DTM* FTX* MOA* RFF*{CTA* DTM*} LOC*{NAD* DTM* QTY*} "
    "SGP*{QTY*} PCI*{DTM* MEA* QTY* GIN*} QVR*{DTM*} CDI* PAC*{PCI*{GIN*}}}}"
)

SHIP_NOTICE = {
    "document": "ship.notice",
    "standard": "EDIFACT",
    "code": "DESADV",
    "structure": (
        f"BGM! DTM+ ALI* MEA* FTX* MOA* LOC* RFF*{{DTM*}} {PARTY_LOOP} TOD*{{LOC*}} "
        f"TDT*{{LOC*{{DTM*}}}} EQD*{{SEL*}} {_GOODS} CNT*"
    ),
    "fields": [
        {"to": "notice_type", "from": "BGM01.1", "default": "351"},
        {"to": "number", "from": "BGM02.1", "required": True},
        {"to": "purpose", "from": "BGM03", "codes": "purpose", "default": "original"},
        date("created_at", "137", kind="moment", required=True),
        date("shipped_at", "11", kind="moment"),
        date("expected_at", "17", "132", "2", "35", kind="moment"),
        {"to": "bill_of_lading", "from": "RFF01.2(01.1=BM)"},
        {"to": "tracking", "from": "RFF01.2(01.1=CN)"},
        {
            "list": "orders",
            "each": "RFF(01.1=ON)",
            "fields": [
                {"to": "number", "from": "RFF01.2"},
                {"to": "order_date", "from": "DTM01.2(01.1=171)", "as": "date"},
            ],
        },
        *CARRIER,
        {"to": "equipment", "from": "EQD02.1"},
        PARTIES,
        NOTES,
        LINE_COUNT,
    ],
    "hierarchy": {
        **_PACKING,
        "levels": {
            "package": _PACKAGE,
            "item": [
                LINE,
                ITEM,
                *quantity("quantity", "12", required=True),
                {"to": "ordered", "from": "QTY01.2(01.1=21)", "as": "decimal"},
                {"to": "backordered", "from": "QTY01.2(01.1=83)", "as": "decimal"},
                DESCRIPTION,
                *_LOT_AND_ORDER,
            ],
        },
    },
}

RECEIVING_ADVICE = {
    "document": "receiving.advice",
    "standard": "EDIFACT",
    "code": "RECADV",
    "structure": f"BGM! DTM+ ALI* FTX* RFF*{{DTM*}} {PARTY_LOOP} TDT*{{LOC* DTM*}} EQD* {_GOODS} CNT*",
    "fields": [
        {"from": "BGM01.1", "constant": "632"},
        {"to": "number", "from": "BGM02.1", "required": True},
        {"to": "purpose", "from": "BGM03", "codes": "purpose", "default": "original"},
        date("created_at", "137", kind="moment", required=True),
        date("received_at", "50", "35", kind="moment"),
        {"to": "order", "from": ["RFF01.2(01.1=ON)", "RFF01.2(01.1=VN)"]},
        {"to": "ship_notice", "from": ["RFF01.2(01.1=AAK)", "RFF01.2(01.1=DQ)"]},
        {"to": "receipt", "from": "RFF01.2(01.1=ALO)"},
        PARTIES,
        LINE_COUNT,
    ],
    "hierarchy": {
        **_PACKING,
        "levels": {
            "package": _PACKAGE,
            "item": [
                LINE,
                ITEM,
                *quantity("quantity", "48", "194", required=True),
                {"to": "accepted", "from": "QTY01.2(01.1=194)", "as": "decimal"},
                {"to": "shipped", "from": "QTY01.2(01.1=12)", "as": "decimal"},
                {"to": "damaged", "from": "QTY01.2(01.1=124|195)", "as": "decimal"},
                DESCRIPTION,
                *_LOT_AND_ORDER,
            ],
        },
    },
}

_TAX = [
    {"to": "tax", "from": ["TAX02.1", "TAX01"], "default": "VAT"},
    {"to": "percent", "from": "TAX05.4", "as": "decimal"},
    {"to": "category", "from": "TAX06"},
    {"to": "base", "from": ["MOA01.2(01.1=125)", "MOA01.2(01.1=79)"], "as": "decimal"},
    {"to": "amount", "from": ["MOA01.2(01.1=124)", "MOA01.2(01.1=176)"], "as": "decimal"},
]

INVOICE = {
    "document": "invoice",
    "standard": "EDIFACT",
    "code": "INVOIC",
    "structure": (
        f"BGM! DTM+ PAI ALI* IMD* FTX* LOC* GIS* DGS GIR* RFF*{{DTM* GIR* LOC* MEA* QTY* FTX* MOA*}} {PARTY_LOOP} "
        f"TAX*{{MOA* LOC*}} CUX*{{DTM*}} PAT*{{DTM* PCD MOA* PAI FII}} TDT*{{LOC* RFF*}} TOD*{{LOC*}} "
        f"PAC*{{MEA* EQD* PCI*}} "
        f"{CHARGE_LOOP} LIN*{{PIA* IMD* MEA* QTY* PCD* ALI* DTM* GIN* GIR* QVR* EQD* FTX* MOA*{{CUX*}} "
        f"PAT*{{DTM* PCD MOA*}} "
        f"PRI*{{APR* RNG* DTM*}} RFF*{{DTM*}} PAC*{{MEA* PCI*}} LOC*{{QTY* DTM*}} TAX*{{MOA* LOC*}} "
        f"NAD*{{LOC* RFF*{{DTM*}} CTA*}} {CHARGE_LOOP} TDT*{{LOC*}} TOD*}} "
        "UNS CNT* MOA*{RFF*{DTM*}}"
    ),
    "fields": [
        {"to": "type", "from": "BGM01.1", "codes": "invoice_type", "default": "invoice"},
        {"to": "number", "from": "BGM02.1", "required": True},
        {"to": "purpose", "from": "BGM03", "codes": "purpose", "default": "original"},
        date("invoice_date", "137", "3", required=True),
        date("shipped_date", "35", "11", "1"),
        {"to": "order", "from": ["RFF01.2(01.1=ON)", "RFF01.2(01.1=VN)"]},
        {"to": "order_date", "from": ["RFF(01.1=ON)/DTM01.2(01.1=171)", "DTM01.2(01.1=4)"], "as": "date"},
        {"to": "ship_notice", "from": ["RFF01.2(01.1=AAK)", "RFF01.2(01.1=DQ)"]},
        {"to": "credited_invoice", "from": "RFF01.2(01.1=IV)"},
        CURRENCY,
        *TERMS,
        PARTIES,
        NOTES,
        {
            "list": "lines",
            "each": "LIN",
            "fields": [
                LINE,
                ITEM,
                *quantity("quantity", "47", "46", "12", required=True),
                DESCRIPTION,
                *PRICES,
                amount("line_total", "203", "66", "38"),
                {"to": "order", "from": "RFF01.2(01.1=ON)"},
                {"to": "order_line", "from": "RFF01.3(01.1=ON)"},
                CHARGES,
                {"list": "taxes", "each": "TAX", "fields": _TAX},
            ],
        },
        SUMMARY,
        LINE_COUNT,
        amount("amount_total", "77", "86", "39", "9", "128", required=True),
        amount("amount_untaxed", "125", "79"),
        amount("amount_tax", "176", "124"),
        {"list": "taxes", "each": "TAX", "fields": _TAX},
        CHARGES,
    ],
}

INVENTORY_REPORT = {
    "document": "inventory.report",
    "standard": "EDIFACT",
    "code": "INVRPT",
    "structure": (
        f"BGM! DTM+ FTX* RFF*{{DTM*}} {PARTY_LOOP} CUX*{{DTM*}} "
        "LIN+{PIA* IMD* MEA* ALI* GIN* DTM* FTX* RFF*{DTM*} LOC*{QTY*} INV*{QTY*{DTM* LOC*} DTM* LOC*} "
        "QTY*{DTM* LOC* RFF*{DTM*}} PRI*} CNT*"
    ),
    "fields": [
        {"to": "report_type", "from": "BGM01.1", "default": "35"},
        {"to": "number", "from": "BGM02.1", "required": True},
        {"to": "purpose", "from": "BGM03", "codes": "purpose", "default": "original"},
        date("reported_at", "137", "366", kind="moment", required=True),
        REFERENCES,
        PARTIES,
        {
            "list": "lines",
            "each": "LIN",
            "fields": [
                LINE,
                {**ITEM, "required": True},
                DESCRIPTION,
                *(
                    {
                        "list": "quantities",
                        "each": each,
                        "fields": [
                            {"to": "type", "from": "QTY01.1", "codes": "inventory", "unknown": "keep"},
                            {"to": "quantity", "from": "QTY01.2", "as": "decimal", "required": True},
                            {"to": "unit", "from": "QTY01.3", "codes": "units", "unknown": "keep"},
                            {"to": "location", "from": "LOC02.1"},
                        ],
                    }
                    for each in ("QTY", "INV/QTY")
                ),
            ],
        },
        LINE_COUNT,
    ],
}

PRICE_CATALOGUE = {
    "document": "price.catalogue",
    "standard": "EDIFACT",
    "code": "PRICAT",
    "structure": (
        f"BGM! DTM+ ALI* FTX* PAI RFF*{{DTM*}} {PARTY_LOOP} CUX*{{DTM*}} PAT*{{DTM* PCD}} TDT* TOD* {CHARGE_LOOP} "
        "PGI*{DTM* RFF*} LIN+{PIA* IMD* MEA* QTY* HAN* ALI* DTM* FTX* RFF*{DTM*} TAX* PAC*{MEA* QTY*} "
        f"PRI*{{CUX* APR* RNG* DTM*}} {CHARGE_LOOP}}} CNT*"
    ),
    "fields": [
        {"to": "catalogue_type", "from": "BGM01.1", "default": "9"},
        {"to": "number", "from": "BGM02.1", "required": True},
        {"to": "purpose", "from": "BGM03", "codes": "purpose", "default": "original"},
        date("date", "137", required=True),
        date("valid_from", "194", "7", "157"),
        date("valid_to", "206", "36"),
        CURRENCY,
        REFERENCES,
        PARTIES,
        {
            "list": "lines",
            "each": "LIN",
            "required": True,
            "fields": [
                LINE,
                {"to": "change", "from": "LIN02", "codes": "price_change", "unknown": "keep"},
                {**ITEM, "required": True},
                DESCRIPTION,
                {"to": "pack.quantity", "from": "QTY01.2(01.1=52)", "as": "decimal"},
                {
                    "list": "prices",
                    "each": "PRI",
                    "fields": [
                        {"to": "type", "from": "PRI01.1", "default": "AAA"},
                        {"to": "unit_price", "from": "PRI01.2", "as": "decimal", "required": True},
                        {"to": "price_quantity", "from": "PRI01.5", "as": "positive"},
                        {"to": "unit", "from": "PRI01.6", "codes": "units", "unknown": "keep"},
                        {"to": "minimum_quantity", "from": "RNG02.2(01=4)", "as": "decimal"},
                        date("valid_from", "194", "7"),
                        date("valid_to", "206", "36"),
                    ],
                },
            ],
        },
        LINE_COUNT,
    ],
}

APPLICATION_ACKNOWLEDGEMENT = {
    "document": "application.acknowledgement",
    "standard": "EDIFACT",
    "code": "APERAK",
    "structure": f"BGM! DTM* FTX* CNT* DOC*{{DTM*}} RFF*{{DTM*}} {PARTY_LOOP} ERC*{{FTX* RFF*{{FTX*}}}}",
    "fields": [
        {"to": "acknowledgement_type", "from": "BGM01.1"},
        {"to": "number", "from": "BGM02.1"},
        {"to": "response_code", "from": "BGM03"},
        date("date", "137"),
        REFERENCES,
        PARTIES,
        {
            "list": "errors",
            "each": "ERC",
            "fields": [
                {"to": "code", "from": "ERC01.1"},
                {"to": "text", "from": "FTX04.1", "split": 5, "width": 70},
                {"to": "reference", "from": "RFF01.2"},
            ],
        },
    ],
}
