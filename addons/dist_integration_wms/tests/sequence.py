"""Random sequences of what an office and a warehouse do, and what must come of them.

Messages of the warehouse are sent late, twice, in any order and several at once. In the end, when all are sent and a
person has decided what waited for one, Odoo has what lies on the warehouse's shelves, and reserves no more than what
it still asks for.
"""

import json
import random
import traceback
from collections import Counter
from contextlib import closing
from urllib.parse import urlencode

from .warehouse_model import DAMAGED, GOOD, HOLD, REPAIR, Item, WarehouseModel

ANSWERS = "/shipments/requests/answers"
ACKNOWLEDGEMENTS = "/shipments/acknowledgements"
FINISHED = ("done", "cancel")
RELEASED = ("requested", "acknowledged")
SOLVED = ("done", "cancelled")
ROUNDS = 12
# how often what is done
STEPS = {
    "sell": 6,
    "buy": 3,
    "ask": 3,
    "lift_hold": 1,
    "announce_return": 2,
    "cancel_at_once": 1,
    "cancel_receipt": 1,
    "release_again": 1,
    "decide_rest": 1,
    "ship": 8,
    "receive": 4,
    "take_back": 3,
    "take_back_unasked": 1,
    "adjust": 3,
    "change_status": 2,
    "lose": 1,
    "acknowledge": 2,
    "answer": 5,
    "send": 9,
    "send_several": 3,
    "repeat": 3,
    "solve_one": 3,
    "count": 1,
}


class SequenceError(AssertionError):
    """What Odoo has is not what the warehouse has."""


class Sequence:
    """One sequence; the same seed and steps take the same course.

    :param case: test case that is a WmsHttpCase, with a ``person`` and a ``profile``
    :param steps: numbers of the steps to take; each is chosen by itself, so that some can be left out
    """

    def __init__(self, case, seed, steps):
        self.case = case
        self.env = case.env
        self.seed = seed
        self.steps = steps
        self.log = []
        self.heard = self.env["dist.event"].search([], order="id desc", limit=1).id
        prefix = f"Q{seed}"
        items = [Item(f"{prefix}-{kind}", kind) for kind in ("none", "lot", "serial")]
        self.products = {item.sku: case._make_product(item.sku, tracking=item.tracking) for item in items}
        self.customers = [
            self.env["res.partner"].create({"name": f"{prefix} {policy}", "dist_rest_policy": policy})
            for policy in ("keep", "cancel", "ask")
        ]
        self.warehouse = case.warehouse
        self.model = WarehouseModel(items, self._choose_by("start"))
        self._stock_up(items)

    def _choose_by(self, name):
        self.random = random.Random(f"{self.seed}/{name}")  # repeatable on purpose
        return self.random

    def _stock_up(self, items):
        for item in items:
            for lot, quantity in self.model._invent_lots(item.sku, self.random.randint(3, 9)):
                self.model.put(item.sku, lot, GOOD, quantity)
                product = self.products[item.sku]
                record = lot and self.case._make_lot(product, lot)
                self.case._put(product, quantity, lot=record or None)

    def play(self):
        """Take every step, let everything come to its end, compare.

        :raises SequenceError: both sides differ
        """
        names, weights = list(STEPS), list(STEPS.values())
        for number in self.steps:
            self.model.random = self._choose_by(number)
            name = self.random.choices(names, weights)[0]
            if self.random.random() < 0.7:
                self.hear()
            self.log.append(f"{number}: {name} {getattr(self, name)() or ''}")
        self.model.random = self._choose_by("end")
        self.drain()
        self.count()
        self.check()
        self.cancel_rest()
        self.check()

    # the office

    def sell(self):
        lines = self._choose_lines()
        picking = self.case._sell(*lines, partner_id=self.random.choice(self.customers).id)
        return f"{picking.mapped('name')} {[(p.tracking, q) for p, q in lines]}"

    def buy(self):
        lines = self._choose_lines()
        picking = self.case._buy(*lines)
        return f"{picking.mapped('name')} {[(p.tracking, q) for p, q in lines]}"

    def _choose_lines(self):
        products = self.random.sample(list(self.products.values()), self.random.randint(1, 3))
        return [(product, self.random.randint(1, 6)) for product in products]

    def _get_pickings(self, *domain):
        ids = [product.id for product in self.products.values()]
        return self.env["stock.picking"].search([("product_id", "in", ids), *domain], order="id")

    def _choose_picking(self, *domain):
        pickings = self._get_pickings(*domain)
        return self.random.choice(pickings) if pickings else pickings

    def _choose_shipment(self):
        return self._choose_picking(
            ("picking_type_code", "=", "outgoing"),
            ("dist_release_state", "in", RELEASED),
            ("state", "not in", FINISHED),
        )

    def ask(self):
        """Ask the warehouse to hold, change or cancel a shipment, in the form that people have."""
        picking, kind = self._choose_shipment(), self.random.choice(("hold", "change", "cancel", "cancel"))
        if not picking or picking.dist_request_ids._get_waiting(kind) or picking.dist_is_on_hold:
            return None
        action = picking.with_user(self.case.person).with_context(dist_kind=kind).action_dist_ask()
        form = self._get_model(action["res_model"]).with_context(**action["context"])
        ask = form.create({"reason": "The customer called"})
        if kind == "change" and not self._change_line(ask):
            return None
        ask.action_ask()
        self.case._commit_events()
        return f"{kind} {picking.name}"

    def _change_line(self, ask):
        line = self.random.choice(ask.line_ids)
        quantity = self.random.choice([0, 1, line.quantity + 1])
        if quantity == line.quantity or (len(ask.line_ids) == 1 and not quantity):
            return False
        line.quantity = quantity
        return True

    def _get_model(self, name):
        return self.env[name].with_user(self.case.person)

    def lift_hold(self):
        picking = self._choose_picking(("dist_is_on_hold", "=", True), ("state", "not in", FINISHED))
        if picking:
            picking.with_user(self.case.person).action_dist_lift_hold()
            self.case._commit_events()
        return picking.name

    def announce_return(self):
        picking = self._choose_picking(("picking_type_code", "=", "outgoing"), ("state", "=", "done"))
        if not picking:
            return None
        context = {"active_id": picking.id, "active_ids": picking.ids, "active_model": picking._name}
        wizard = self.env["stock.return.picking"].with_context(**context).create({"picking_id": picking.id})
        for line in wizard.product_return_moves:
            done = line.move_id.quantity - sum(line.move_id.returned_move_ids.mapped("product_uom_qty"))
            line.quantity = self.random.randint(0, max(int(done), 0))
        if not any(wizard.product_return_moves.mapped("quantity")):
            return None
        back = self.env["stock.picking"].browse(wizard.create_returns()["res_id"])
        self.case._commit_events()
        return f"{back.name} of {picking.name}"

    def cancel_at_once(self):
        """Cancel a shipment without asking; the warehouse may have shipped it by then."""
        picking = self._choose_shipment()
        if picking:
            override = self._get_model("dist.release.override").create(
                {"picking_ids": picking.ids, "action": "cancel", "reason": "The customer is bankrupt"}
            )
            override.action_override()
            self.case._commit_events()
        return picking.name

    def cancel_receipt(self):
        picking = self._choose_picking(("picking_type_code", "=", "incoming"), ("state", "not in", FINISHED))
        if picking:
            picking.with_user(self.case.person).action_cancel()
            self.case._commit_events()
        return picking.name

    def release_again(self):
        picking = self._choose_picking(
            ("dist_release_state", "=", "refused"), ("state", "in", ("confirmed", "assigned"))
        )
        if picking:
            picking.with_user(self.case.person).action_dist_release()
            self.case._commit_events()
        return picking.name

    def decide_rest(self):
        exceptions = self.env["dist.exception"].search([("code", "=", "backorder_decision")])
        exceptions = exceptions.filtered("can_decide_rest")
        if not exceptions:
            return None
        button = self.random.choice(("action_keep_rest", "action_cancel_rest"))
        getattr(exceptions[0].with_user(self.case.person), button)()
        self.case._commit_events()
        return f"{button} {exceptions[0].document_name}"

    # the warehouse

    def hear(self):
        """The warehouse takes in what it was told since the last time."""
        events = self.env["dist.event"].search([("id", ">", self.heard)], order="id")
        for event in events:
            if event.message_ids and event.state == "recorded":
                code = event.message_type_id.code
                if code.partition(".")[0] in ("shipment", "receipt", "return"):
                    self.model.hear(code, json.loads(event.payload))
        self.heard = max([self.heard, *events.ids])

    def ship(self):
        return self._tell(self.model.work("shipment"))

    def receive(self):
        return self._tell(self.model.work("receipt"))

    def take_back(self):
        return self._tell(self.model.work("return"))

    def take_back_unasked(self):
        return self._tell(self.model.take_back_unasked())

    def adjust(self):
        return self._tell(self.model.adjust())

    def change_status(self):
        return self._tell(self.model.change_status())

    def lose(self):
        self.model.lose()

    def acknowledge(self):
        return self._tell(self.model.acknowledge())

    def answer(self):
        """What is agreed is told at once: the confirmations that it counts on are not overtaken by others."""
        message = self.model.answer()
        if message:
            self._send([message])
        return self._tell(message)

    def _tell(self, message):
        return message and message.body

    # what is sent

    def send(self):
        unsent = self.model.unsent()
        if unsent:
            return self._send([self.random.choice(unsent)])
        return None

    def send_several(self):
        """Send several messages of a kind at once, in any order."""
        unsent = self.model.unsent()
        if not unsent:
            return None
        path = self.random.choice(unsent).path
        several = [message for message in unsent if message.path == path]
        self.random.shuffle(several)
        return self._send(several)

    def repeat(self):
        """Send again what was taken: it gets the same answer, and has no effect."""
        taken = [
            message
            for message in self.model.messages
            if message.state == "taken" and message.path not in (ANSWERS, ACKNOWLEDGEMENTS)
        ]
        if not taken:
            return None
        message = self.random.choice(taken)
        headers = {"Idempotency_Key": f"again-{self.random.random()}"}
        response = self.case._call("POST", message.path, message.body, self.case.key, **headers)
        self._expect(response.status_code == 200, f"{message.body} again: {response.text}")
        same = message.answer is None or response.json() == message.answer
        self._expect(same, f"{message.body} again: {response.text} instead of {message.answer}")
        return message

    def _send(self, messages):
        if len(messages) == 1:
            response = self.case._call("POST", messages[0].path, messages[0].body, self.case.key)
            items = [(response.status_code, response.headers.get("Message-Id"), response.json())]
        else:
            bodies = {"items": [message.body for message in messages]}
            response = self.case._call("POST", f"{messages[0].path}/bulk", bodies, self.case.key)
            self._expect(response.status_code == 200, response.text)
            items = [
                (item["status"], item["message_id"], item.get("body") or item.get("answer"))
                for item in response.json()["items"]
            ]
        for message, (status, uuid, answer) in zip(messages, items, strict=True):
            message.uuid = uuid
            message.state = "taken" if status == 200 else "waiting"
            message.answer = answer if status == 200 else None
        return [
            f"{message}: {status} {(answer or {}).get('code') or ''}"
            for message, (status, _uuid, answer) in zip(messages, items, strict=True)
        ]

    # what waits for a person

    def solve_one(self):
        waiting = [message for message in self.model.messages if message.state == "waiting"]
        return self._solve(self.random.choice(waiting)) if waiting else None

    def _solve(self, message):
        """Accept what may be accepted, or try again: what was missing may have come.

        :return: code of the exception
        """
        stored = self.env["dist.message"].search([("uuid", "=", message.uuid)])
        exception = stored.exception_id.with_user(self.case.person)
        code = exception.code
        if stored.state not in SOLVED:
            if exception.can_accept_variance and self.random.random() < 0.8:
                exception.action_accept_variance()
            else:
                exception.action_retry()
            self.case._commit_events()
            self.env.invalidate_all()
        if stored.state in SOLVED:
            message.state = "taken"
        return f"{message}: {code}, {stored.state}"

    def _give_up(self, message):
        """An answer came too late for what it answers to: nothing is to be done."""
        stored = self.env["dist.message"].search([("uuid", "=", message.uuid)])
        stored.exception_id.with_user(self.case.person)._ignore("Overtaken by events")
        message.state = "taken"

    def drain(self):
        """Send everything, and have a person decide, until nothing waits."""
        for number in range(ROUNDS):
            self.hear()
            unsent = self.model.unsent()
            self.random.shuffle(unsent)
            for message in unsent:
                self.log.append(f"end: {self._send([message])}")
            for message in self._get_waiting():
                self.log.append(f"end: {self._solve(message)}")
            if number:
                for message in self._get_waiting():
                    if message.path in (ANSWERS, ACKNOWLEDGEMENTS):
                        self._give_up(message)
            self.hear()
            if not self.model.unsent() and not self._get_waiting():
                return
        raise SequenceError(f"{self} {[self._describe(message) for message in self._get_waiting()]} wait")

    def _get_waiting(self):
        return [message for message in self.model.messages if message.state == "waiting"]

    def _describe(self, message):
        stored = self.env["dist.message"].search([("uuid", "=", message.uuid)])
        return f"{message}: {stored.state} {stored.exception_id.code} {stored.error}"

    def count(self):
        """Hand over what lies on the shelves: what differs is what got lost unnoticed, and is posted."""
        self.hear()
        for message in self.model.unsent():
            self._send([message])
        skus = sorted(self.products)
        self.case.profile.scope_domain = f"[('default_code', 'in', {skus})]"
        rows = [f"{sku},{lot},{quantity}" for (sku, lot), quantity in self.model.snapshot().items()]
        body = "\n".join(["sku,lot,quantity", *rows]).encode()
        query = urlencode({"warehouse": self.warehouse.code, "taken_at": self.model.tick()})
        response = self.case._call(
            "POST", f"/stock/snapshots?{query}", body, self.case.key, Content_Type="text/csv"
        )
        self._expect(response.status_code == 202, response.text)
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        run = self.env["dist.reconciliation"].browse(message.res_id)
        run._job_run()
        self.env.invalidate_all()
        self._expect(run.state == "done", run.error)
        found = {
            (line.product_id.default_code, line.lot_name or ""): int(line.variance) for line in run.line_ids
        }
        lost = {key: quantity for key, quantity in self.model.unnoticed.items() if quantity}
        self._expect(found == lost, f"counted {found} instead of {lost}")
        if run.line_ids:
            run.line_ids._explain(self.env.ref("dist_integration_base.reason_count"), "counted")
            run.line_ids.action_approve()
            run.line_ids._post()
            self.case._commit_events()
        self.model.unnoticed.clear()

    # the end

    def cancel_rest(self):
        """The office cancels whatever is still open."""
        self.log.append("the office cancels the rest")
        self._get_pickings(("state", "not in", FINISHED)).action_cancel()
        self.case._commit_events()
        self.hear()
        still_open = [task.number for task in self.model.tasks.values() if task.wanted]
        self._expect(not still_open, f"the warehouse still works on {still_open}")
        reserved = self._get_quants().filtered("reserved_quantity")
        self._expect(not reserved, f"reserved for nobody: {[self._get_key(quant) for quant in reserved]}")

    def check(self):
        """Compare stock, reservations and open work of both sides."""
        self.env.invalidate_all()
        ours, theirs = self._read_stock(), self.model.stock()
        keys = [key for key in {**ours, **theirs} if ours.get(key, 0) != theirs.get(key, 0)]
        differing = [f"{key}: Odoo {ours.get(key, 0)}, warehouse {theirs.get(key, 0)}" for key in keys]
        self._expect(not differing, differing)
        reserved, wanted = self._read_reserved()
        self._expect(reserved == wanted, f"reserved {reserved}, open transfers have {wanted}")
        self._check_open()

    def _check_open(self):
        """Both sides know the same of what is still to be moved."""
        ours = {}
        for picking in self._get_pickings(
            ("state", "not in", FINISHED), ("dist_release_state", "in", RELEASED)
        ):
            for ref, quantity in picking._dist_get_open_quantities().items():
                ours[picking.dist_release_ref, ref] = int(quantity)
        theirs = {
            (task.number, ref): quantity
            for task in self.model.tasks.values()
            for ref, quantity in task.wanted.items()
        }
        self._expect(ours == theirs, f"open: Odoo {ours}, warehouse {theirs}")

    def _get_quants(self):
        ids = [product.id for product in self.products.values()]
        return self.env["stock.quant"].search(
            [
                ("product_id", "in", ids),
                ("location_id", "child_of", self.warehouse.view_location_id.id),
                ("location_id.usage", "=", "internal"),
            ]
        )

    def _get_key(self, record):
        warehouse = self.warehouse
        conditions = {
            warehouse.lot_stock_id: GOOD,
            warehouse.dist_hold_location_id: HOLD,
            warehouse.dist_damaged_location_id: DAMAGED,
            warehouse.dist_repair_location_id: REPAIR,
        }
        return record.product_id.default_code, record.lot_id.name or "", conditions[record.location_id]

    def _read_stock(self):
        totals = Counter()
        for quant in self._get_quants():
            totals[self._get_key(quant)] += quant.quantity
        return {key: quantity for key, quantity in totals.items() if quantity}

    def _read_reserved(self):
        """:return: (what quants say is reserved, what open transfers have reserved), by item, lot and condition"""
        reserved, wanted = Counter(), Counter()
        for quant in self._get_quants():
            reserved[self._get_key(quant)] += quant.reserved_quantity
        lines = self.env["stock.move.line"].search(
            [
                ("product_id", "in", [product.id for product in self.products.values()]),
                ("state", "not in", ("done", "cancel", "draft")),
                ("location_id", "child_of", self.warehouse.view_location_id.id),
            ]
        )
        for line in lines:
            wanted[self._get_key(line)] += line.quantity_product_uom
        return +reserved, +wanted

    def _expect(self, holds, text):
        if not holds:
            raise SequenceError(f"{self} {text}")

    def __str__(self):
        course = "\n  ".join(map(str, self.log))
        return f"sequence {self.seed}, steps {self.steps}:\n  {course}\n"


def play(case, seed, steps):
    """Play a sequence and take back all it did.

    :param steps: numbers
    :return: SequenceError, or None
    """
    try:
        with closing(case.env.cr.savepoint()):  # rolled back when it is closed
            sequence = Sequence(case, seed, steps)
            try:
                sequence.play()
            except SequenceError as error:
                return error
            except Exception:
                return SequenceError(f"{sequence} {traceback.format_exc()}")
    finally:
        case.registry.clear_cache()
    return None


def shrink(case, error, seed, steps):
    """Leave out steps as long as the sequence still fails.

    :return: SequenceError of the shortest one that was found
    """
    for number in list(steps):
        shorter = [step for step in steps if step != number]
        found = play(case, seed, shorter)
        if found:
            error, steps = found, shorter
    return error
