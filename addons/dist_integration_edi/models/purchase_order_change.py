from odoo import fields, models

from odoo.addons.dist_integration_base.models.transaction import get_state

from .series import PURCHASE_UNIT

WATCHED = "dist_integration_edi.purchase_orders"
ORDER, CHANGE = "purchase.order", "purchase.change"


class PurchaseOrder(models.Model):
    """A supplier that has an order is told what becomes of it: by how it differs from what the supplier knows."""

    _inherit = "purchase.order"

    dist_told = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)
    dist_change = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)
    dist_change_number = fields.Integer(string="Changes told", readonly=True, copy=False)

    def _dist_watch_changes(self):
        """At the end of the transaction compare these orders with what their suppliers know."""
        sent = self.filtered("dist_is_transmitted")
        if not sent:
            return
        precommit = self.env.cr.precommit
        if WATCHED not in precommit.data:
            precommit.data[WATCHED] = set()
            precommit.add(self.browse().sudo()._dist_tell_watched)
        precommit.data[WATCHED].update(sent.ids)

    def _dist_tell_watched(self):
        watched = self.env.cr.precommit.data.pop(WATCHED, ())
        for order in self.browse(sorted(watched)).exists():
            order._dist_tell_change()

    def _dist_tell_change(self):
        """Emit the change of an order, from what the supplier knew before this transaction to what holds now.

        Odoo comes here at each savepoint: a change that was emitted before is brought up to date.
        """
        self._dist_number_lines()
        written, now = get_state(self.env.cr).written, self._dist_get_tellable()
        if not self.dist_told or (ORDER, self._name, self.id) in written:
            # the order itself leaves with this transaction
            self.dist_told = now
            self._dist_emit(ORDER)
            return
        again = self._dist_has_unsent_change()
        base = self.dist_change["base"] if again else self.dist_told
        lines = _compare(base, now)
        if not lines and not again:
            return
        number = self.dist_change_number + (0 if again else 1)
        self.write(
            {
                "dist_change": {"base": base, "lines": lines},
                "dist_told": now,
                "dist_change_number": number,
            }
        )
        self._dist_transmit_change()

    def _dist_has_unsent_change(self):
        """:return: whether a change was emitted in this transaction, or waits for its approval"""
        emitted = (CHANGE, self._name, self.id) in get_state(self.env.cr).written
        return bool(self.dist_change) and (emitted or self.dist_edi_state == "waiting")

    def _dist_transmit_change(self):
        """Let a change leave, or have a second person approve it first where that is agreed."""
        receiver = self._dist_get_edi_receiver(CHANGE)
        if not receiver:
            return
        if receiver.approve_orders and self.state != "cancel":
            self.write({"dist_edi_state": "waiting", "dist_edi_asked_by_id": self.env.uid})
        self._dist_emit(CHANGE)

    def _dist_get_tellable(self):
        """:return: dict, number of a line to what the supplier is to know of it; nothing of a cancelled order"""
        self.ensure_one()
        if self.state == "cancel":
            return {}
        return {
            line.dist_line_ref: {
                "product": line.product_id.id,
                "unit": line[PURCHASE_UNIT].id,
                "quantity": line.product_qty,
                "price": line.price_unit_discounted,
                "date": line.date_planned.date().isoformat() if line.date_planned else None,
            }
            for line in self.order_line
            if not line.display_type and line.dist_line_ref
        }

    def _dist_note_told(self):
        """The supplier knows these orders as they are: it said so itself."""
        for order in self.sudo().filtered("dist_is_transmitted"):
            order._dist_number_lines()
            order.dist_told = order._dist_get_tellable()
            if order._dist_has_unsent_change():
                order.dist_change = False
                order._dist_emit(CHANGE)

    def button_cancel(self):
        result = super().button_cancel()
        self._dist_watch_changes()
        return result


def _compare(base, now):
    """:return: dict, number of a line to the word for what became of it; without those that are the same"""
    changes = {number: _name_change(base.get(number), line) for number, line in now.items()}
    changes.update({number: "delete" for number in base if number not in now and base[number]["quantity"]})
    return {number: word for number, word in changes.items() if word}


def _name_change(before, line):
    if before is None:
        return "add" if line["quantity"] else None
    differing = {name for name in line if line[name] != before[name]}
    if "quantity" in differing and not line["quantity"]:
        return "delete"
    if differing == {"quantity"}:
        return "quantity_increase" if line["quantity"] > before["quantity"] else "quantity_decrease"
    words = {("price",): "price_change", ("date",): "reschedule", ("price", "quantity"): "quantity_and_price"}
    return words.get(tuple(sorted(differing)), "change" if differing else None)
