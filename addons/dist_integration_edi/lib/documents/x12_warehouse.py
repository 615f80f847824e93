"""X12 940, 943, 944, 945 and 947: the warehouse's own messages, as they are in the canonical catalogue."""

from __future__ import annotations

from .x12_parts import PARTIES, PARTY_LOOP, REFERENCES, item_by_case_code

_HEADER = f"{PARTY_LOOP} N9*{{DTM* MSG*}} G61* G62* NTE* REF* W27 W10 W28 W66 PER*"
_DESCRIPTION = {"to": "description", "from": "G6901"}


def _address(role: str, code: str) -> list[dict]:
    """An address as the warehouse messages have it: empty parts are null."""
    return [
        {"to": f"{role}.name", "from": f"N102(01={code})", "default": None},
        {"to": f"{role}.street", "from": f"N1(01={code})/N301", "default": None},
        {"to": f"{role}.street2", "from": f"N1(01={code})/N302"},
        {"to": f"{role}.city", "from": f"N1(01={code})/N401", "default": None},
        {"to": f"{role}.state", "from": f"N1(01={code})/N402"},
        {"to": f"{role}.zip", "from": f"N1(01={code})/N403", "default": None},
        {"to": f"{role}.country", "from": f"N1(01={code})/N404", "default": None},
    ]


_COMPANY = [
    {"to": "company.code", "from": "N104(01=DE)", "default": None},
    {"to": "company.name", "from": "N102(01=DE)", "default": "unknown"},
    {"to": "warehouse.code", "from": "N104(01=WH)", "default": None},
    {"to": "warehouse.name", "from": "N102(01=WH)", "default": "unknown"},
]


def _requested_item(tag: str, case_code: int, first_pair: int) -> list[dict]:
    rows = item_by_case_code(tag, case_code, first_pair)
    return [
        {**rows[0], "to": "item.gtin", "default": None},
        {**rows[1], "to": "item.sku", "required": True},
        {"to": "item.code", "default": None},
        {"to": "item.name", "from": "G6901", "default": ""},
        {"to": "description", "default": None},
    ]


_LINE_NUMBER = {"to": "line", "from": ["N902(01=LI)", "N902(01=LN)"], "default": "$index"}
_BY_NUMBER = {"to": "line", "from": ["../LX01", "N902(01=LI)"], "default": "$index"}
_SHIPPING_LINE = [
    _LINE_NUMBER,
    {"to": "quantity", "from": "W0101", "as": "decimal", "required": True},
    {"to": "reserved", "default": "0"},
    {"to": "unit", "from": "W0102", "codes": "units", "unknown": "keep", "required": True},
    *_requested_item("W01", 3, 4),
    {"to": "lots", "default": []},
]

SHIPPING_ORDER = {
    "document": "shipment.requested",
    "standard": "X12",
    "code": "940",
    "group": "OW",
    "structure": f"W05! {_HEADER} LX*{{W01*{{G69* N9* W20 QTY*}}}} W01*{{G69* N9* W20 QTY*}} W76",
    "fields": [
        {"from": "W0501", "constant": "N"},
        {"to": "shipment", "from": "W0502", "required": True},
        {"to": "order.number", "default": None},
        {"to": "order.reference", "from": "W0503", "default": None},
        *_COMPANY,
        {"to": "backorder_of", "default": None},
        {"to": "priority", "default": "normal"},
        {"to": "shipping_policy", "default": "as_available"},
        *_address("ship_to", "ST"),
        {
            "to": "requested_date",
            "from": ["G6202(01=10)", "G6202(01=02)", "G6202"],
            "as": "day",
            "required": True,
        },
        {"to": "deadline", "from": "G6202(01=54)", "as": "day", "default": None},
        {"to": "note", "from": "NTE02", "default": None},
        {"to": "carrier", "default": None},
        {"to": "carrier.code", "from": ["W6610", "W6605"]},
        {"to": "carrier.name", "from": ["W6605", "W6610"]},
        {"list": "lines", "each": "LX/W01", "fields": [_BY_NUMBER, *_SHIPPING_LINE]},
        {"list": "lines", "each": "W01", "fields": [_LINE_NUMBER, *_SHIPPING_LINE]},
    ],
}

RECEIPT_NOTICE = {
    "document": "receipt.requested",
    "standard": "X12",
    "code": "943",
    "group": "AR",
    "structure": f"W06! {_HEADER} W04+{{G69* N9* W20 QTY*}} W03",
    "fields": [
        {"to": "purpose", "from": "W0601", "codes": "reporting", "written": True},
        {"to": "receipt", "from": ["W0602", "W0604"], "required": True},
        {"to": "order.number", "from": "W0606", "default": None},
        {"to": "order.reference", "default": None},
        *_COMPANY,
        {"to": "backorder_of", "default": None},
        {"to": "expected_date", "from": ["W0603", "G6202(01=17)", "G6202"], "as": "day", "required": True},
        *_address("supplier", "SF"),
        {"to": "note", "from": "NTE02", "default": None},
        # shipper's identifying number, and the carrier's (128)
        {
            "list": "shipments",
            "each": "N9(01=SI)",
            "written": True,
            "fields": [{"to": "number", "from": "N902"}, {"to": "shipped_at", "from": "N904", "as": "day"}],
        },
        {
            "list": "carriers",
            "each": "N9(01=CN)",
            "written": True,
            "fields": [{"to": "tracking", "from": "N902"}, {"to": "carrier", "from": "N903"}],
        },
        {
            "list": "lines",
            "each": "W04",
            "fields": [
                _LINE_NUMBER,
                # what is still to come, beside what a 944 has confirmed of the receipt
                {"to": "quantity", "from": "W0401", "as": "decimal", "required": True},
                {"to": "unit", "from": "W0402", "codes": "units", "unknown": "keep", "required": True},
                *_requested_item("W04", 3, 4),
                {"to": "tracking", "default": "none"},
                {"to": "expiry_required", "default": False},
                {"to": "shipped", "from": "QTY02(01=39)", "as": "decimal", "written": True},
                {
                    "list": "lots",
                    "each": "N9(01=LT)",
                    "written": True,
                    "fields": [{"to": "lot", "from": "N902"}, {"to": "expiry", "from": "N904", "as": "date"}],
                },
                # serial number of a shipping label
                {
                    "list": "labels",
                    "each": "N9(01=LA)",
                    "written": True,
                    "fields": [{"to": "sscc", "from": "N902"}],
                },
            ],
        },
    ],
}

RECEIPT_ADVICE = {
    "document": "receipt.confirmed",
    "standard": "X12",
    "code": "944",
    "group": "RE",
    "structure": f"W17! {_HEADER} W07+{{G69* N9* W20 QTY* W13*}} W14",
    "fields": [
        {"from": "W1701", "constant": "F"},
        {"to": "received_at", "from": "W1702", "as": "day"},
        {"to": "confirmation", "from": "W1703", "required": True},
        # Warehouses that leave the depositor's number out repeat the one they were given as theirs.
        {"to": "receipt", "from": ["W1704", "W1703"]},
        {"to": "complete", "default": True},
        {
            "list": "lines",
            "each": "W07",
            "required": True,
            "fields": [
                {"to": "line", "from": ["N902(01=LI)", "N902(01=LN)"]},
                {"to": "quantity", "from": "W0701", "as": "decimal", "required": True},
                {"to": "unit", "from": "W0702", "codes": "units", "unknown": "keep"},
                *item_by_case_code("W07", 3, 4),
                {"to": "damaged_quantity", "from": ["W1301(03=01)", "W1301(03=02)"], "as": "decimal"},
                {
                    "list": "allocations",
                    "each": "W07(08=*)",
                    "fields": [
                        {"to": "lot", "from": "W0708"},
                        {"to": "quantity", "from": "W0701", "as": "decimal"},
                    ],
                },
            ],
        },
    ],
}

_SHIPPED = [
    {"to": "quantity", "from": "W1203", "as": "decimal", "required": True},
    {"to": "unit", "from": "W1205", "codes": "units", "unknown": "keep"},
    {"to": "reason", "from": "W1201(01=P|G|CL|ID|BO|CS)"},
    *item_by_case_code("W12", 6, 7),
    {
        "list": "allocations",
        "each": "W12(09=*)",
        "fields": [{"to": "lot", "from": "W1209"}, {"to": "quantity", "from": "W1203", "as": "decimal"}],
    },
]

SHIPPING_ADVICE = {
    "document": "shipment.confirmed",
    "standard": "X12",
    "code": "945",
    "group": "SW",
    "structure": (
        f"W06! {_HEADER} LX*{{MAN* PAL* N9* W12*{{G69* N9* W20 QTY* MEA* G62* LS*}}}} W12*{{G69* N9* "
        f"W20 QTY* MAN*}} W03"
    ),
    "fields": [
        {"from": "W0601", "constant": "F"},
        {"to": "shipment", "from": "W0602", "required": True},
        # The shipment's own number of the warehouse; where it has none, the order's.
        {"to": "confirmation", "from": ["W0604", "W0602"], "required": True},
        {"to": "warehouse_reference", "from": "W0605"},
        {"to": "shipped_at", "from": "W0603", "as": "day"},
        {"to": "complete", "default": True},
        {"to": "carrier", "from": ["W2702", "W2703"]},
        {
            "list": "lines",
            "each": "LX/W12",
            "fields": [
                {"to": "line", "from": ["N902(01=LI)", "../LX01"]},
                {"to": "package", "from": ["../MAN02(01=GM)", "../MAN02"]},
                *_SHIPPED,
            ],
        },
        {"list": "lines", "each": "W12", "fields": [{"to": "line", "from": "N902(01=LI)"}, *_SHIPPED]},
        {
            "list": "packages",
            "each": "LX/MAN",
            "derived": True,
            "fields": [{"to": "package", "from": "MAN02"}, {"to": "sscc", "from": "MAN02(01=GM)"}],
        },
    ],
}

ADJUSTMENT = {
    "document": "inventory.adjustment",
    "standard": "X12",
    "code": "947",
    "group": "AW",
    "structure": f"W15! {_HEADER} W19+{{G69* N9* NTE* QTY*}}",
    "fields": [
        {"to": "adjusted_at", "from": "W1501", "as": "day", "required": True},
        {"to": "number", "from": "W1502", "required": True},
        REFERENCES,
        PARTIES,
        {
            "list": "lines",
            "each": "W19",
            "required": True,
            "fields": [
                {"to": "reason", "from": "W1901", "codes": "adjustment", "unknown": "keep", "required": True},
                {"to": "quantity", "from": "W1902", "as": "decimal", "required": True},
                {"to": "unit", "from": "W1903", "codes": "units", "unknown": "keep"},
                *item_by_case_code("W19", 4, 5),
                {"to": "lot", "from": "W1909"},
                _DESCRIPTION,
            ],
        },
    ],
}
