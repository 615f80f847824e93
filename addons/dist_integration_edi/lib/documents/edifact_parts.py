"""Rows that several messages of EDIFACT share. Directories D96A and D01B agree on what they name."""

from __future__ import annotations

PARTY_FIELDS = [
    {"to": "id", "from": "NAD02.1"},
    {"to": "id_type", "from": "NAD02.3"},
    {"to": "name", "from": ["NAD04.1", "NAD03.1"]},
    {"to": "name2", "from": ["NAD04.2", "NAD03.2"]},
    {"to": "street", "from": "NAD05.1"},
    {"to": "street2", "from": "NAD05.2"},
    {"to": "city", "from": "NAD06"},
    {"to": "state", "from": "NAD07"},
    {"to": "zip", "from": "NAD08"},
    {"to": "country", "from": "NAD09"},
    {"to": "contact", "from": ["CTA/CTA02.2", "CTA/CTA02.1"]},
    {"to": "phone", "from": "CTA/COM01.1(01.2=TE)"},
    {"to": "email", "from": "CTA/COM01.1(01.2=EM)"},
    {"to": "vat", "from": "RFF01.2(01.1=VA)"},
]
PARTIES = {
    "map": "parties",
    "each": "NAD",
    "key": {"from": "NAD01", "codes": "parties", "unknown": "keep"},
    "fields": PARTY_FIELDS,
}
PARTY_LOOP = "NAD*{LOC* FII* RFF*{DTM*} DOC* CTA*{COM*}}"

REFERENCES = {
    "list": "references",
    "each": "RFF",
    "fields": [
        {"to": "type", "from": "RFF01.1", "codes": "references", "unknown": "keep"},
        {"to": "number", "from": "RFF01.2"},
        {"to": "line", "from": "RFF01.3"},
        {"to": "date", "from": "DTM01.2(01.1=171)", "as": "date"},
    ],
}
NOTES = {
    "list": "notes",
    "each": "FTX",
    "fields": [
        {"to": "type", "from": "FTX01", "default": "AAI"},
        {"to": "code", "from": "FTX03.1"},
        {"to": "text", "from": "FTX04.1", "split": 5, "width": 70},
    ],
}
CHARGES = {
    "list": "charges",
    "each": "ALC",
    "fields": [
        {"to": "type", "from": "ALC01", "codes": "charge", "required": True},
        {"to": "code", "from": "ALC05.1"},
        {"to": "description", "from": ["ALC05.4", "ALC02.1"]},
        {"to": "percent", "from": ["PCD01.2(01.1=3)", "PCD01.2"], "as": "decimal"},
        {"to": "amount", "from": ["MOA01.2(01.1=8)", "MOA01.2(01.1=23|204)"], "as": "decimal"},
    ],
}
CHARGE_LOOP = "ALC*{ALI DTM* QTY*{RNG} PCD*{RNG} MOA*{RNG} RTE*{RNG} TAX*{MOA*}}"
CURRENCY = {"to": "currency", "from": "CUX01.2"}
TERMS = [
    {"to": "terms.due_date", "from": "PAT/DTM01.2(01.1=13)", "as": "date"},
    {"to": "terms.discount_date", "from": "PAT/DTM01.2(01.1=12)", "as": "date"},
    {"to": "terms.discount_percent", "from": "PAT/PCD01.2(01.1=12)", "as": "decimal"},
]
CARRIER = [
    {"to": "transport_method", "from": "TDT03.1"},
    {"to": "carrier", "from": ["TDT05.1", "TDT05.4"]},
    {"to": "vehicle", "from": "TDT08.1"},
]
LINE_COUNT = {"from": "CNT01.2(01.1=2)", "count": "lines"}
SUMMARY = {"from": "UNS01", "constant": "S"}

DESCRIPTION = {"to": "description", "from": ["IMD03.4", "IMD03.1"], "split": 2, "width": 35, "cut": True}
ITEM = {"items": "item", "from": "LIN03"}
LINE = {"to": "line", "from": "LIN01", "default": "$index"}
PRICES = [
    {"to": "unit_price", "from": ["PRI01.2(01.1=AAA)", "PRI01.2(01.1=AAB)", "PRI01.2"], "as": "decimal"},
    {"to": "price_quantity", "from": ["PRI01.5(01.1=AAA)", "PRI01.5"], "as": "positive"},
]


def quantity(name: str, *qualifiers: str, required: bool = False) -> list[dict]:
    """A quantity and its unit. The first qualifier is written."""
    paths = [f"QTY01.2(01.1={one})" for one in qualifiers]
    units = [f"QTY01.3(01.1={one})" for one in qualifiers]
    unit = "unit" if name == "quantity" else ""
    rows: list[dict] = [{"to": name, "from": paths, "as": "decimal", "required": required}]
    if unit:
        rows.append({"to": unit, "from": units, "codes": "units", "unknown": "keep"})
    return rows


def amount(name: str, *qualifiers: str, required: bool = False) -> dict:
    """An amount of MOA. The first qualifier is written."""
    paths = [f"MOA01.2(01.1={one})" for one in qualifiers]
    return {"to": name, "from": paths, "as": "decimal", "required": required}


def date(name: str, *qualifiers: str, kind: str = "date", required: bool = False) -> dict:
    """A date of DTM. The first qualifier is written."""
    return {
        "to": name,
        "from": [f"DTM01.2(01.1={one})" for one in qualifiers],
        "as": kind,
        "required": required,
    }
