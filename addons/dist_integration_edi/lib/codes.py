"""Code lists: canonical word to the codes of each standard.

The first code is the one written, all are read. Only codes that mean something here are listed; where a list may be
longer than ours, the field's declaration says ``"unknown": "keep"``.
"""

from __future__ import annotations

from .separators import EDIFACT, X12

Table = dict[str, list[str]]

# Canonical unit: UN/CEFACT Recommendation 20 and 21, EA for each. Mind X12's CA (case), since its CS is a cassette,
# and EDIFACT's CS (case).
_UNITS_X12: Table = {
    "EA": ["EA", "UN", "PC"],
    "CS": ["CA"],
    "CT": ["CT"],
    "BX": ["BX"],
    "PK": ["PK"],
    "DZN": ["DZ"],
    "PX": ["PL"],
    "PR": ["PR"],
    "SET": ["ST"],
    "BG": ["BG"],
    "BO": ["BO"],
    "CX": ["CN"],
    "RO": ["RO", "RL"],
    "LBR": ["LB"],
    "ONZ": ["OZ"],
    "KGM": ["KG"],
    "GRM": ["GR"],
    "TNE": ["MP"],
    "STN": ["TN"],
    "LTR": ["LT"],
    "GLL": ["GA"],
    "FTQ": ["CF"],
    "MTQ": ["CR"],
    "FOT": ["FT"],
    "INH": ["IN"],
    "MTR": ["MR"],
    "CMT": ["CM"],
    "MTK": ["SM"],
    "FTK": ["SF"],
    "HUR": ["HR"],
    "DAY": ["DA"],
    "MIL": ["TH"],
    "CEN": ["HC"],
}
_UNITS_EDIFACT: Table = {
    "EA": ["PCE", "C62", "EA", "H87", "NAR", "PCS"],
    "CS": ["CS"],
    "CT": ["CT", "CTN"],
    "BX": ["BX"],
    "PK": ["PK"],
    "DZN": ["DZN"],
    "PX": ["PX", "PF"],
    "PR": ["PR"],
    "SET": ["SET"],
    "BG": ["BG"],
    "BO": ["BO"],
    "CX": ["CX", "CA"],
    "RO": ["RO"],
    **{
        unit: [unit]
        for unit in (
            "LBR ONZ KGM GRM TNE STN LTR MLT GLL FTQ MTQ FOT INH MTR CMT MMT MTK FTK HUR DAY MIL CEN".split()
        )
    },
}

_PARTIES_X12: Table = {
    "buyer": ["BY"],
    "supplier": ["SU", "SE", "VN"],
    "ship_to": ["ST"],
    "ship_from": ["SF"],
    "invoice_to": ["BT"],
    "pay_to": ["RE", "RI"],
    "warehouse": ["WH"],
    "carrier": ["CA"],
    "final_recipient": ["UC", "MA"],
    "depositor": ["DE"],
    "manufacturer": ["MF"],
    "store": ["SN"],
}
_PARTIES_EDIFACT: Table = {
    "buyer": ["BY"],
    "supplier": ["SU", "SE"],
    "ship_to": ["DP", "ST"],
    "ship_from": ["SF", "CZ"],
    "invoice_to": ["IV"],
    "pay_to": ["PE", "II"],
    "warehouse": ["WH"],
    "carrier": ["CA", "FW"],
    "final_recipient": ["UC", "UD"],
    "depositor": ["GY"],
    "manufacturer": ["MF"],
    "store": ["SN"],
    "message_from": ["MS", "FR"],
    "message_to": ["MR"],
}

_LINE_STATUS_X12: Table = {
    "accepted": ["IA"],
    "rejected": ["IR", "R1", "R2", "R3", "R4", "R5", "R6"],
    "backordered": ["IB", "BP"],
    "quantity_changed": ["IQ"],
    "price_changed": ["IP"],
    "date_changed": ["DR", "IC"],
    "substituted": ["IS"],
    "accepted_and_changed": ["AC"],
    "on_hold": ["IH"],
    "cancelled": ["ID"],
    "shipped": ["AR"],
}

# name: standard: table
CODES: dict[str, dict[str, Table]] = {
    "units": {X12: _UNITS_X12, EDIFACT: _UNITS_EDIFACT},
    "parties": {X12: _PARTIES_X12, EDIFACT: _PARTIES_EDIFACT},
    "purpose": {
        X12: {
            "original": ["00"],
            "cancel": ["01"],
            "change": ["04", "02", "03"],
            "replace": ["05"],
            "confirmation": ["06"],
            "duplicate": ["07"],
            "resubmission": ["15"],
            "response": ["11"],
            "request": ["13"],
        },
        EDIFACT: {
            "original": ["9"],
            "cancel": ["1"],
            "change": ["4"],
            "replace": ["5"],
            "confirmation": ["6"],
            "duplicate": ["7"],
            "resubmission": ["35"],
            "response": ["11"],
            "request": ["13"],
            "copy": ["31"],
            "rejected": ["27"],
            "accepted": ["29"],
            "accepted_with_changes": ["30"],
        },
    },
    # reporting code (514), as notices to a warehouse have it
    "reporting": {X12: {"original": ["F", "J"], "change": ["R"]}},
    "warehouse_purpose": {X12: {"original": ["N", "F"], "cancel": ["C"], "change": ["R"], "partial": ["P"]}},
    "response": {
        X12: {
            "accepted": ["AD", "AT", "AK", "AH", "AP"],
            "accepted_with_changes": ["AC", "AE"],
            "rejected": ["RD", "RJ", "RF"],
            "not_needed": ["NA"],
        },
        EDIFACT: {
            "accepted": ["29", "6"],
            "accepted_with_changes": ["4", "30", "3"],
            "rejected": ["27"],
            "received": ["9", "11"],
        },
    },
    "line_status": {
        X12: _LINE_STATUS_X12,
        EDIFACT: {
            "accepted": ["5"],
            "rejected": ["7"],
            "accepted_and_changed": ["3"],
            "backordered": ["13"],
            "substituted": ["17"],
            "cancelled": ["2"],
            "on_hold": ["26"],
        },
    },
    "line_change": {
        X12: {
            "add": ["AI"],
            "delete": ["DI"],
            "change": ["CA", "CP", "CE", "RQ"],
            "quantity_increase": ["QI"],
            "quantity_decrease": ["QD"],
            "price_change": ["PC"],
            "replace": ["RZ", "RE"],
            "reschedule": ["RS", "CT", "RB"],
            "no_change": ["NC"],
            "quantity_and_price": ["PQ"],
        },
        # EDIFACT does not say what was changed.
        EDIFACT: {
            "add": ["1"],
            "delete": ["2"],
            "change": ["3"],
            "no_change": ["4"],
            **{
                word: ["3"]
                for word in (
                    "quantity_increase quantity_decrease price_change quantity_and_price replace reschedule".split()
                )
            },
        },
    },
    "charge": {
        X12: {"charge": ["C", "N"], "allowance": ["A"]},
        EDIFACT: {"charge": ["C"], "allowance": ["A"]},
    },
    "invoice_type": {
        X12: {"invoice": ["DI", "DR", "PR"], "credit_note": ["CR", "CN"], "debit_note": ["DM"]},
        EDIFACT: {
            "invoice": ["380", "386", "384", "388", "220"],
            "credit_note": ["381", "396"],
            "debit_note": ["383"],
        },
    },
    "references": {
        X12: {
            "department": ["DP"],
            "supplier_number": ["IA", "VR"],
            "promotion": ["PD"],
            "purchase_order": ["PO"],
            "release": ["RE"],
            "bill_of_lading": ["BM"],
            "tracking": ["CN", "2I"],
            "customer_order": ["CO"],
            "supplier_order": ["VN"],
            "contract": ["CT"],
            "invoice": ["IV"],
            "packing_list": ["PK"],
            "lot": ["LT"],
            "serial": ["SE"],
            "shipment": ["SI"],
            "vat": ["TJ", "VX"],
        },
        EDIFACT: {
            "department": ["ADE"],
            "supplier_number": ["IA"],
            "promotion": ["PD"],
            "purchase_order": ["ON"],
            "bill_of_lading": ["BM"],
            "tracking": ["CN"],
            "customer_order": ["CO"],
            "supplier_order": ["VN"],
            "contract": ["CT"],
            "invoice": ["IV"],
            "packing_list": ["PK"],
            "lot": ["BT"],
            "serial": ["SE"],
            "shipment": ["SI"],
            "despatch_advice": ["AAK"],
            "delivery_note": ["DQ"],
            "vat": ["VA"],
            "order_response": ["POR"],
            "price_list": ["PL"],
        },
    },
    "inventory": {
        X12: {
            "on_hand": ["QH", "33", "17"],
            "available": ["QA", "02"],
            "on_order": ["QO"],
            "committed": ["QC"],
            "damaged": ["QD"],
            "in_transit": ["QT"],
            "backordered": ["83"],
            "sold": ["QS"],
        },
        EDIFACT: {
            "on_hand": ["145", "17"],
            "available": ["156"],
            "on_order": ["61", "21"],
            "committed": ["73"],
            "damaged": ["124"],
            "in_transit": ["198"],
            "sold": ["153"],
        },
    },
    "adjustment": {
        X12: {
            "damaged": ["DA", "01", "05"],
            "cycle_count": ["CC", "AA"],
            "expired": ["EX"],
            "found": ["FO"],
            "lost": ["LO"],
        }
    },
    "shipment_status": {
        X12: {
            "complete": ["CC", "F"],
            "partial": ["PS", "P", "CP"],
            "short": ["G", "CS"],
            "cancelled": ["CL", "ID", "I"],
        }
    },
    "price_change": {EDIFACT: {"add": ["1"], "delete": ["2"], "change": ["3"], "no_change": ["4"]}},
    "item_condition": {X12: {"good": ["A", "07"], "damaged": ["01", "02", "D"]}},
    "receipt_difference": {EDIFACT: {"damaged": ["124"], "missing": ["119"], "excess": ["121"]}},
}

# Qualifiers of item numbers. What is not named here is kept under its qualifier.
ITEM_NUMBERS: dict[str, Table] = {
    X12: {
        "gtin": ["UK", "EN", "UP", "UA", "UI", "UD", "EO", "UX"],
        "supplier_sku": ["VN", "VP", "VC", "VA"],
        "buyer_sku": ["IN", "BP", "CB", "PI"],
        "sku": ["SK"],
        "manufacturer_sku": ["MG", "MF", "MN"],
    },
    EDIFACT: {
        "gtin": ["EN", "SRV", "UP", "EAN", "GTIN"],
        "supplier_sku": ["SA", "VP", "VN"],
        "buyer_sku": ["IN", "BP", "CC"],
        "sku": ["SK"],
        "manufacturer_sku": ["MF", "MP"],
    },
}
# Qualifier of a GTIN by its number of digits.
GTIN_QUALIFIERS = {12: "UP", 13: "EN", 14: "UK"}

# how long a code of EDIFACT may be, where that is known: 1225; those of X12 are in lengths.py
MAX_LENGTHS = {"purpose": 3}


def table(name: str, standard: str, overlay: dict[str, Table] | None = None) -> Table:
    """Return a code list, a partner's codes in front of ours.

    :param overlay: the partner's lists by name; a code may be given as text instead of a list of one
    """
    found = {word: list(codes) for word, codes in CODES.get(name, {}).get(standard, {}).items()}
    for word, codes in (overlay or {}).get(name, {}).items():
        ours = [codes] if isinstance(codes, str) else list(codes)
        for other in found.values():
            other[:] = [code for code in other if code not in ours]
        found[word] = ours + found.get(word, [])
    return found


def by_code(codes: Table) -> dict[str, str]:
    """Return code to word; where two words share a code, the first has it."""
    found: dict[str, str] = {}
    for word, values in codes.items():
        for value in values:
            found.setdefault(value, word)
    return found
