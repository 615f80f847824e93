"""An order on its way in: what was asked, what the checks said, what is answered.

Holds Odoo records but imports nothing of Odoo.
"""

import hashlib
import json
from decimal import Decimal

HOLD = "hold"
REFUSE = "refuse"
CUT = "cut"
NOTE = "note"


class Reason:
    """One remark of a check.

    :param outcome: HOLD, REFUSE, CUT (a smaller quantity is taken) or NOTE (said, nothing changes)
    :param code: stable name of the reason, for programs
    :param detail: the same in words, for people
    :param pointer: JSON pointer to what caused it
    """

    __slots__ = ("outcome", "code", "detail", "pointer")

    def __init__(self, outcome, code, detail, pointer):
        self.outcome = outcome
        self.code = code
        self.detail = detail
        self.pointer = pointer

    def to_dict(self):
        return {
            "code": self.code,
            "detail": self.detail,
            "pointer": self.pointer,
            "effect": self.outcome,
        }


class SubmissionLine:
    """One line of a submission; ``accepted`` shrinks while the checks run."""

    def __init__(self, index, data):
        self.index = index
        self.pointer = f"/lines/{index}"
        self.ref = data.get("line") or str(index + 1)
        self.data = data
        self.quantity = Decimal(data["quantity"])
        self.accepted = self.quantity
        self.backordered = Decimal(0)
        self.price = Decimal(data["unit_price"]) if data.get("unit_price") is not None else None
        self.order_price = None
        self.product = None
        self.unit = None
        self.record = None
        self.reasons = []

    @property
    def refused(self):
        return any(reason.outcome == REFUSE for reason in self.reasons)

    def add(self, outcome, code, detail, pointer=""):
        self.reasons.append(Reason(outcome, code, detail, self.pointer + pointer))
        if outcome == REFUSE:
            self.accepted = self.backordered = Decimal(0)

    @property
    def status(self):
        outcomes = {reason.outcome for reason in self.reasons}
        for outcome, status in ((REFUSE, "refused"), (HOLD, "held"), (CUT, "accepted_in_part")):
            if outcome in outcomes:
                return status
        return "backordered" if self.backordered else "accepted"


class Submission:
    """One order of one message, from the payload to the answer."""

    def __init__(self, message, payload):
        self.message = message
        self.payload = payload
        self.reference = payload["reference"]
        self.digest = get_digest(payload)
        self.lines = [SubmissionLine(index, data) for index, data in enumerate(payload["lines"])]
        self.channel = None
        self.partner = None
        self.shipping_partner = None
        self.invoice_partner = None
        self.pricelist = None
        self.currency = None
        self.carrier = None
        self.order = None
        self.exposures = {}
        self.comparison = []
        self.reasons = []

    def add(self, outcome, code, detail, pointer=""):
        self.reasons.append(Reason(outcome, code, detail, pointer))

    @property
    def open_lines(self):
        return [line for line in self.lines if not line.refused]

    @property
    def all_reasons(self):
        return self.reasons + [reason for line in self.lines for reason in line.reasons]

    def get_reasons(self, outcome):
        return [reason for reason in self.all_reasons if reason.outcome == outcome]

    @property
    def refused(self):
        return not self.open_lines or any(reason.outcome == REFUSE for reason in self.reasons)

    @property
    def held(self):
        return not self.refused and bool(self.get_reasons(HOLD))

    @property
    def status(self):
        if self.refused:
            return "refused"
        if self.held:
            return "held"
        cut = any(line.refused or line.status == "accepted_in_part" for line in self.lines)
        return "accepted_in_part" if cut else "accepted"


def get_digest(payload):
    """Fingerprint of a payload, the same whatever the order of its members.

    :param payload: decoded JSON
    :return: hexadecimal SHA-256
    """
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def format_decimal(value, places=None):
    """A number the way messages carry it: plain digits, no exponent, no trailing zeros.

    :param value: Decimal, float or int
    :param places: digits after the point, kept even when zero; None drops trailing zeros
    """
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if places is not None:
        return f"{number:.{places}f}"
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
