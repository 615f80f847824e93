"""A warehouse in pure Python: what lies on its shelves, what it was asked for, and what it has to say.

It knows nothing of Odoo. Goods move first, on its own ledger; what it says of that is a message, which may be sent
late, twice, or after a later one. Quantities are whole numbers in the item's unit.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

GOOD, HOLD, DAMAGED, REPAIR = "available", "hold", "damaged", "repair"
DISPOSITIONS = {"restock": GOOD, "hold": HOLD, "damaged": DAMAGED, "repair": REPAIR, "scrap": None}
PATHS = {
    "shipment": "/shipments/confirmations",
    "receipt": "/receipts/confirmations",
    "return": "/returns/confirmations",
}
MOMENTS = {"shipment": "shipped_at", "receipt": "received_at", "return": "returned_at"}


@dataclass
class Item:
    """:ivar tracking: ``none``, ``lot`` or ``serial``"""

    sku: str
    tracking: str


@dataclass
class Line:
    """:ivar asked: in all, with what was moved already under the same number"""

    sku: str
    asked: int
    moved: int = 0

    @property
    def open(self):
        return max(self.asked - self.moved, 0)


@dataclass
class Task:
    """A shipment, receipt or return that was asked for.

    :ivar lines: Line by the distributor's id of it
    :ivar is_open: whether it is still worked on
    :ivar left: Counter, (sku, lot) to what was moved, less what came back
    """

    kind: str
    number: str
    lines: dict
    is_open: bool = True
    on_hold: bool = False
    left: Counter = field(default_factory=Counter)

    @property
    def wanted(self):
        return {ref: line.open for ref, line in self.lines.items() if line.open} if self.is_open else {}


@dataclass
class Message:
    """Something to say.

    :ivar state: ``unsent``, ``waiting`` (for a person) or ``taken``
    :ivar about: the Task
    :ivar answer: what was answered once it was taken
    """

    path: str
    body: dict
    about: Task | None = None
    state: str = "unsent"
    uuid: str = ""
    answer: dict | None = None

    def __str__(self):
        names = ("confirmation", "adjustment", "request", "shipment")
        return next(self.body[name] for name in names if name in self.body)


class WarehouseModel:
    """
    :param items: list of Item
    :param random: random.Random that every choice is made with; the owner may put another one in its place
    """

    def __init__(self, items, random):
        self.items = {item.sku: item for item in items}
        self.random = random
        self.ledger = Counter()
        self.tasks = {}
        self.requests = []
        self.messages = []
        #: what got lost and nobody noticed: Counter, (sku, lot) to quantity
        self.unnoticed = Counter()
        self._numbers = count(1)
        self._now = datetime.now().replace(microsecond=0) - timedelta(days=5)

    # what is on the shelves

    def put(self, sku, lot, condition, quantity):
        self.ledger[sku, lot, condition] += quantity

    def stock(self):
        """:return: dict, (sku, lot, condition) to quantity, without empty shelves"""
        return {key: quantity for key, quantity in self.ledger.items() if quantity}

    def snapshot(self):
        """:return: dict, (sku, lot) to quantity in any condition"""
        totals = Counter()
        for (sku, lot, _condition), quantity in self.ledger.items():
            totals[sku, lot] += quantity
        return {key: quantity for key, quantity in totals.items() if quantity}

    def tick(self):
        """:return: text, a moment later than every one before"""
        self._now += timedelta(minutes=1)
        return self._now.isoformat() + "Z"

    def _pick(self, sku, quantity):
        """Take up to a quantity from the shelf, from any of its lots.

        :return: list of (lot, quantity)
        """
        shelves = [
            (lot, on_hand)
            for (own, lot, condition), on_hand in self.ledger.items()
            if own == sku and condition == GOOD and on_hand
        ]
        self.random.shuffle(shelves)
        picked = []
        for lot, on_hand in shelves:
            part = min(on_hand, quantity)
            if part:
                self.put(sku, lot, GOOD, -part)
                picked.append((lot, part))
                quantity -= part
        return picked

    def _choose_shelf(self, conditions):
        """:return: (sku, lot, condition, quantity) of a shelf that is not empty; None when there is none"""
        shelves = [key for key, quantity in sorted(self.stock().items()) if key[2] in conditions]
        if not shelves:
            return None
        key = self.random.choice(shelves)
        return (*key, self.ledger[key])

    # what it hears

    def hear(self, code, data):
        """Take in a message of the distributor."""
        kind, _dot, event = code.partition(".")
        number = data.get(kind)
        if event == "requested":
            lines = {
                line["line"]: Line(line["item"]["sku"], round(float(line["quantity"])))
                for line in data["lines"]
            }
            # what comes back with a return is what left with its shipment
            known = self.tasks.get(data["shipment"] if kind == "return" else number)
            self.tasks[number] = Task(kind, number, lines, left=known.left if known else Counter())
        elif event == "cancelled":
            self.tasks[number].is_open = False
        elif event in ("hold.requested", "change.requested", "cancel.requested"):
            self.requests.append((event.partition(".")[0], data))
        elif event == "hold.released":
            self.tasks[number].on_hold = False
            self.requests = [
                (kind, asked)
                for kind, asked in self.requests
                if not (kind == "hold" and asked["shipment"] == number)
            ]

    # what it does

    def work(self, kind):
        """Work on a shipment, receipt or return: all of it, a part, nothing, too little, too much."""
        tasks = [
            task for task in self.tasks.values() if task.kind == kind and task.is_open and not task.on_hold
        ]
        if not tasks:
            return None
        task = self.random.choice(tasks)
        complete = self.random.random() < 0.6
        lines = [
            row
            for ref, line in task.lines.items()
            if line.open and (row := getattr(self, f"_move_{kind}")(task, ref, line, complete))
        ]
        if not complete and not lines:
            return None
        if complete:
            task.is_open = False
        if not lines:
            ref = next(iter(task.lines))
            lines = [{"line": ref, "quantity": "0", "reason": "out_of_stock"}]
        return self._confirm(task, {kind: task.number, "complete": complete, "lines": lines})

    def _confirm(self, task, body):
        kind = task.kind
        return self.say(
            PATHS[kind],
            {"confirmation": f"C-{next(self._numbers)}", MOMENTS[kind]: self.tick(), **body},
            task,
        )

    def _choose_quantity(self, line, complete):
        open_quantity = line.open
        chances = [open_quantity] * 5 + [0, self.random.randint(0, open_quantity)]
        if complete:
            chances.append(open_quantity + self.random.randint(1, 2))
        return self.random.choice(chances)

    def _move_shipment(self, task, ref, line, complete):
        picked = self._pick(line.sku, self._choose_quantity(line, complete))
        quantity = sum(part for _lot, part in picked)
        line.moved += quantity
        for lot, part in picked:
            task.left[line.sku, lot] += part
        return self._describe(
            ref, line.sku, quantity, [{"lot": lot, "quantity": part} for lot, part in picked]
        )

    def _move_receipt(self, task, ref, line, complete):
        quantity = self._choose_quantity(line, complete)
        line.moved += quantity
        parts = []
        for lot, part in self._invent_lots(line.sku, quantity):
            condition = self.random.choice([GOOD] * 6 + [HOLD, DAMAGED])
            self.put(line.sku, lot, condition, part)
            parts.append({"lot": lot, "quantity": part, "condition": condition})
        good = sum(part["quantity"] for part in parts if part["condition"] == GOOD)
        row = self._describe(ref, line.sku, good, parts)
        for condition in (HOLD, DAMAGED):
            apart = sum(part["quantity"] for part in parts if part["condition"] == condition)
            if apart:
                row = row or {"line": ref, "quantity": "0"}
                row[f"{condition}_quantity"] = str(apart)
        if row and "allocations" in row:
            for part in row["allocations"]:
                part["condition"] = {GOOD: "good"}.get(part["condition"], part["condition"])
        return row

    def _invent_lots(self, sku, quantity):
        """:return: list of (lot, quantity) of goods that arrive"""
        tracking = self.items[sku].tracking
        if tracking == "serial":
            return [(f"S{next(self._numbers)}", 1) for _ in range(quantity)]
        if not quantity:
            return []
        first = self.random.randint(1, quantity)
        parts = [first, quantity - first]
        if tracking == "none":
            return [("", part) for part in parts if part]
        lots = [f"L{self.random.randint(1, 4)}", f"L{self.random.randint(5, 8)}"]
        return [(lot, part) for lot, part in zip(lots, parts, strict=True) if part]

    def _move_return(self, task, ref, line, complete):
        quantity = self._choose_quantity(line, complete)
        parts = self._take_back(task, line.sku, quantity)
        quantity = sum(part["quantity"] for part in parts)
        line.moved += quantity
        row = self._describe(ref, line.sku, quantity, parts)
        if row and complete and self.random.random() < 0.2:
            row["refused_quantity"] = "1"
        return row

    def _take_back(self, task, sku, quantity):
        """Put goods that a customer sent back where they belong.

        :return: list of dicts, allocations
        """
        outside = [lot for own, lot in task.left.elements() if own == sku]
        self.random.shuffle(outside)
        parts = Counter()
        for lot in outside[:quantity]:
            disposition = self.random.choice(["restock"] * 5 + [*DISPOSITIONS])
            parts[lot, disposition] += 1
            task.left[sku, lot] -= 1
            if DISPOSITIONS[disposition]:
                self.put(sku, lot, DISPOSITIONS[disposition], 1)
        return [
            {"lot": lot, "quantity": part, "disposition": disposition}
            for (lot, disposition), part in parts.items()
        ]

    def take_back_unasked(self):
        """A customer sends back what nobody announced."""
        shipments = [task for task in self.tasks.values() if task.kind == "shipment" and +task.left]
        if not shipments:
            return None
        task = self.random.choice(shipments)
        sku = self.random.choice(sorted({sku for sku, _lot in +task.left}))
        parts = self._take_back(task, sku, self.random.randint(1, 2))
        row = self._describe(None, sku, sum(part["quantity"] for part in parts), parts)
        back = Task("return", "", {}, is_open=False)
        return self._confirm(back, {"shipment": task.number, "lines": [row]})

    def _describe(self, ref, sku, quantity, parts):
        """:return: dict, a line of a confirmation; None when there is nothing to say"""
        if not quantity and not parts:
            return None
        row = {"line": ref, "quantity": str(quantity)}
        if not ref or self.random.random() < 0.3:
            row["sku"] = sku
        if not ref:
            del row["line"]
        tracking = self.items[sku].tracking
        plain = all(part.get("condition", GOOD) == GOOD and not part.get("disposition") for part in parts)
        if tracking == "serial" and plain:
            row["serials"] = [part["lot"] for part in parts]
        elif tracking != "none" or any(part.get("disposition") for part in parts):
            row["allocations"] = [
                {
                    name: str(value) if name == "quantity" else value
                    for name, value in part.items()
                    if name != "lot" or tracking != "none"
                }
                for part in parts
            ]
        return row

    def adjust(self):
        """Find some goods, or miss some."""
        shelf = self._choose_shelf((GOOD, HOLD, DAMAGED))
        if shelf and self.random.random() < 0.7:
            sku, lot, condition, before = shelf
            change = self.random.choice([-1, -before, 1 if self.items[sku].tracking != "serial" else -1])
        else:
            sku = self.random.choice(sorted(self.items))
            ((lot, change),) = self._invent_lots(sku, 1)
            condition = self.random.choice((GOOD, HOLD))
            before = self.ledger[sku, lot, condition]
        self.put(sku, lot, condition, change)
        line = {"sku": sku, "change": str(change), "status": condition}
        if lot:
            line["lot"] = lot
        if self.random.random() < 0.5:
            line["previous_on_hand"] = str(before)
        return self.say("/stock/adjustments", self._prepare_adjustment(line, reason="count"))

    def change_status(self):
        """Goods turn out to be damaged, wait for a decision, or may be sold again."""
        shelf = self._choose_shelf((GOOD, HOLD, DAMAGED))
        if not shelf:
            return None
        sku, lot, condition, on_hand = shelf
        other = self.random.choice([name for name in (GOOD, HOLD, DAMAGED) if name != condition])
        quantity = self.random.randint(1, on_hand)
        self.put(sku, lot, condition, -quantity)
        self.put(sku, lot, other, quantity)
        line = {"sku": sku, "quantity": str(quantity), "from": condition, "to": other}
        if lot:
            line["lot"] = lot
        return self.say("/stock/status-changes", self._prepare_adjustment(line))

    def _prepare_adjustment(self, line, **values):
        return {
            "adjustment": f"A-{next(self._numbers)}",
            "adjusted_at": self.tick(),
            "lines": [line],
            **values,
        }

    def lose(self):
        """Goods disappear, and nobody notices before the next count."""
        shelf = self._choose_shelf((GOOD,))
        if shelf:
            sku, lot, condition, _on_hand = shelf
            self.put(sku, lot, condition, -1)
            self.unnoticed[sku, lot] -= 1

    def acknowledge(self):
        """Say that a shipment was taken on."""
        tasks = [task for task in self.tasks.values() if task.kind == "shipment" and task.is_open]
        if not tasks:
            return None
        task = self.random.choice(tasks)
        return self.say("/shipments/acknowledgements", {"shipment": task.number, "status": "accepted"}, task)

    # what it is asked about shipments

    def answer(self):
        """Agree to what was asked about a shipment, as far as it can, or refuse."""
        if not self.requests:
            return None
        kind, data = self.requests.pop(self.random.randrange(len(self.requests)))
        task = self.tasks[data["shipment"]]
        body = {"request": data["request"], "status": "accepted"}
        if not task.is_open or self.random.random() < 0.3:
            body.update(status="refused", reason="busy" if task.is_open else "already_shipped")
        else:
            body.update(getattr(self, f"_answer_{kind}")(task, data))
        return self.say("/shipments/requests/answers", body, task)

    def _answer_hold(self, task, _data):
        task.on_hold = True
        return {}

    def _answer_change(self, task, data):
        goals = {}
        for line in data["lines"]:
            own = task.lines[line["line"]]
            goals[line["line"]] = own.asked + round(
                float(line["quantity"]) - float(line["previous_quantity"])
            )
        if any(goal < task.lines[ref].moved for ref, goal in goals.items()):
            return {"status": "refused", "reason": "picked"}
        for ref, goal in goals.items():
            task.lines[ref].asked = goal
        return {}

    def _answer_cancel(self, task, _data):
        """What has left and was not confirmed yet is still to come."""
        coming = Counter()
        for message in self.messages:
            if message.about is task and message.path == PATHS["shipment"] and message.state != "taken":
                for line in message.body["lines"]:
                    coming[line["line"]] += int(line["quantity"])
        kept = {}
        if self.random.random() < 0.3 and task.wanted:
            ref = self.random.choice(sorted(task.wanted))
            kept[ref] = self.random.randint(1, task.wanted[ref])
        for ref, line in task.lines.items():
            line.asked = line.moved + kept.get(ref, 0)
        task.is_open = bool(kept)
        remaining = {ref: kept.get(ref, 0) + coming[ref] for ref in task.lines}
        lines = [{"line": ref, "remaining": str(quantity)} for ref, quantity in remaining.items() if quantity]
        return {"status": "accepted_in_part", "lines": lines} if lines else {}

    # what it says

    def say(self, path, body, about=None):
        message = Message(path, body, about)
        self.messages.append(message)
        return message

    def unsent(self):
        return [message for message in self.messages if message.state == "unsent"]
