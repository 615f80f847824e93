"""How short and long the elements may be that the documents of X12 are read from.

Source: X12 data element dictionary, 004010 and 005010. Signs, decimal points and blanks that fill an element up to its
least length do not count as characters of a number or text.
"""

from __future__ import annotations

Length = tuple[int, int]

_CODE = (2, 2)
_DATE = (8, 8)
_NAME = (1, 60)
_ADDRESS = (1, 55)
# descriptions, 352
_TEXT = (1, 80)
# numbers of purchase orders, invoices and depositors' orders
_NUMBER = (1, 22)
_REFERENCE = (1, 30)
_LONG_REFERENCE = (1, 50)
_REQUEST = (1, 45)
# number that the sender gives a line
_LINE = (1, 20)
_QUANTITY = (1, 15)
_SHIPPED = (1, 10)
_PRICE = (1, 17)
_AMOUNT = (1, 18)
# amounts with implied decimals, 610
_CENTS = (1, 15)
_PERCENT = (1, 6)
_DAYS = (1, 3)
_COUNT = (1, 6)
_IDENTIFICATION = (2, 80)
_COMMUNICATION = (1, 80)
_ITEM = (1, 48)
_ROUTING = (1, 35)
_CARRIER = (2, 4)

# tag to element to least and greatest length. The case codes (438) of the warehouse documents are left out: any GTIN is
# taken there, and its check digit says more than its length.
_LENGTHS: dict[str, dict[int, Length]] = {
    "ACK": {1: _CODE, 2: _QUANTITY, 3: _CODE, 4: (3, 3), 5: _DATE, 29: _REFERENCE},
    "AMT": {2: _AMOUNT},
    "BAK": {1: _CODE, 2: _CODE, 3: _NUMBER, 4: _DATE, 5: _REFERENCE, 7: _REFERENCE, 8: _REFERENCE, 9: _DATE},
    "BCA": {
        **{1: _CODE, 2: _CODE, 3: _NUMBER, 4: _REFERENCE, 5: (1, 8), 6: _DATE},
        **{7: _REQUEST, 8: _REFERENCE, 9: _REFERENCE, 10: _DATE},
    },
    "BCH": {
        **{1: _CODE, 2: _CODE, 3: _NUMBER, 4: _REFERENCE, 5: (1, 8), 6: _DATE},
        **{7: _REQUEST, 8: _REFERENCE, 11: _DATE},
    },
    "BCT": {1: _CODE, 2: (1, 15), 3: (1, 15)},
    "BEG": {1: _CODE, 2: _CODE, 3: _NUMBER, 4: _REFERENCE, 5: _DATE, 6: _REFERENCE},
    "BIA": {1: _CODE, 2: _CODE, 3: _REFERENCE, 4: _DATE},
    "BIG": {1: _DATE, 2: _NUMBER, 3: _DATE, 4: _NUMBER, 5: _REFERENCE, 7: _CODE},
    "BSN": {1: _CODE, 2: (2, 30), 3: _DATE, 5: (4, 4)},
    "CAD": {4: _CARRIER},
    "CTP": {2: (3, 3), 3: _PRICE, 4: _QUANTITY, 5: _CODE},
    "CTT": {1: _COUNT},
    "CUR": {2: (3, 3)},
    "DTM": {2: _DATE},
    "G62": {2: _DATE},
    "G69": {1: _REQUEST},
    "IT1": {1: _LINE, 2: _SHIPPED, 3: _CODE, 4: _PRICE, 5: _CODE},
    "ITD": {1: _CODE, 2: (1, 2), 3: _PERCENT, 4: _DATE, 5: _DAYS, 6: _DATE, 7: _DAYS, 12: _TEXT},
    "LIN": {1: _LINE},
    "LX": {1: _COUNT},
    "MAN": {2: _ITEM, 5: _ITEM},
    "MSG": {1: (1, 264)},
    "N1": {1: (2, 3), 2: _NAME, 3: (1, 2), 4: _IDENTIFICATION},
    "N2": {1: _NAME},
    "N3": {1: _ADDRESS, 2: _ADDRESS},
    "N4": {1: (2, 30), 2: _CODE, 3: (3, 15), 4: (2, 3)},
    "N9": {1: (2, 3), 2: _REFERENCE, 3: _REQUEST, 4: _DATE},
    "NTE": {2: _TEXT},
    "PER": {2: _NAME, 4: _COMMUNICATION, 6: _COMMUNICATION, 8: _COMMUNICATION},
    "PID": {5: _TEXT},
    "PKG": {5: _TEXT},
    "PO1": {1: _LINE, 2: _QUANTITY, 3: _CODE, 4: _PRICE, 5: _CODE},
    "PO4": {1: _COUNT, 2: (1, 8), 3: _CODE, 14: _COUNT},
    "POC": {1: _LINE, 2: _CODE, 3: _QUANTITY, 4: (1, 9), 5: _CODE, 6: _PRICE, 7: _CODE},
    "PRF": {1: _NUMBER, 2: _REFERENCE, 4: _DATE},
    "QTY": {1: _CODE, 2: _QUANTITY, 3: _CODE},
    "REF": {1: (2, 3), 2: _REFERENCE, 3: _TEXT},
    "SAC": {1: (1, 1), 2: (4, 4), 5: _CENTS, 7: _PERCENT, 15: _TEXT},
    "SCH": {1: _QUANTITY, 2: _CODE, 6: _DATE},
    "SDQ": {
        1: _CODE,
        **dict.fromkeys(range(3, 23, 2), _IDENTIFICATION),
        **dict.fromkeys(range(4, 24, 2), _QUANTITY),
    },
    "SN1": {1: _LINE, 2: _SHIPPED, 3: _CODE, 5: _QUANTITY, 8: _CODE},
    "TD1": {1: (3, 5), 2: (1, 7), 7: _SHIPPED, 8: _CODE},
    "TD3": {3: (1, 10)},
    "TD5": {3: _IDENTIFICATION, 4: (1, 2), 5: _ROUTING},
    "TDS": {1: _CENTS, 2: _CENTS, 3: _CENTS},
    "TXI": {1: _CODE, 2: _AMOUNT, 3: (1, 10), 8: (1, 9)},
    "W01": {1: _QUANTITY, 2: _CODE, 5: _ITEM},
    "W04": {1: _SHIPPED, 2: _CODE, 5: _ITEM},
    "W05": {1: (1, 1), 2: _NUMBER, 3: _NUMBER},
    "W06": {1: (1, 1), 2: _NUMBER, 3: _DATE, 4: _REFERENCE, 5: (1, 12), 6: _NUMBER},
    "W07": {1: (1, 7), 2: _CODE, 5: _ITEM, 8: (1, 12)},
    "W12": {1: _CODE, 3: _SHIPPED, 5: _CODE, 8: _ITEM, 9: (1, 12)},
    "W13": {1: _QUANTITY},
    "W15": {1: _DATE, 2: _NUMBER},
    "W17": {1: (1, 1), 2: _DATE, 3: (1, 12), 4: _NUMBER},
    "W19": {1: _CODE, 2: _SHIPPED, 3: _CODE, 6: _ITEM, 9: (1, 12)},
    "W27": {2: _CARRIER, 3: _ROUTING},
    "W66": {5: _ROUTING, 10: _CARRIER},
}
# what may be longer after 004010
_LATER: dict[str, dict[int, Length]] = {
    "BAK": {8: _LONG_REFERENCE},
    "BCA": {9: _LONG_REFERENCE},
    "BIA": {3: _LONG_REFERENCE},
    "IT1": {2: _QUANTITY},
    "N9": {2: _LONG_REFERENCE},
    "PER": dict.fromkeys((4, 6, 8), (1, 256)),
    "REF": {2: _LONG_REFERENCE},
    "TD3": {3: _QUANTITY},
}
# number of an item in pairs of qualifier and number, 234
ITEM_NUMBER = _ITEM


def length_of(tag: str, element: int, version: str) -> Length | None:
    """Return the least and greatest length of an element; None where it is not known.

    :param version: such as ``004010``; older and later ones than 005010 have lengths of their own
    """
    if not is_known(version):
        return None
    later = _LATER.get(tag, {}).get(element) if version[:6] > "004010" else None
    return later or _LENGTHS.get(tag, {}).get(element)


def is_known(version: str) -> bool:
    """Tell whether the lengths of a version of X12 are known."""
    return "004010" <= version[:6] <= "005010"


def fault_of(text: str, length: Length, is_number: bool = False) -> str | None:
    """Return what is wrong with a text of an element: ``too_short``, ``too_long`` or None.

    :param text: as it stands in the element
    """
    least, most = length
    counted = sum(map(str.isdigit, text)) if is_number else len(text.strip())
    if counted > most:
        return "too_long"
    return "too_short" if (counted if is_number else len(text)) < least else None
