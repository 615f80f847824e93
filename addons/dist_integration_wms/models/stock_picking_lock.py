from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..lib import lock
from .dist_release_request import WANTED
from .stock_picking import FINISHED, RELEASED

OVERRIDE_GROUP = "dist_integration_wms.group_dist_release_override"
# what the warehouse was told of a shipment
TOLD = {
    "carrier_id",
    "date_deadline",
    "location_dest_id",
    "location_id",
    "move_type",
    "note",
    "owner_id",
    "partner_id",
    "picking_type_id",
    "priority",
    "scheduled_date",
}
# what says that it was moved
MOVED = {"date_done", "state"}


class StockPicking(models.Model):
    """While a warehouse works on a transfer, people do not change it behind its back (W1).

    The handlers of messages and Odoo's own scheduler work as superuser and are not stopped. A person with the right
    to override unlocks a transfer, with a reason that goes to the audit trail.
    """

    _name = "stock.picking"
    _inherit = ["stock.picking", "dist.kept.mixin"]

    dist_unlocked_by_id = fields.Many2one("res.users", string="Unlocked by", readonly=True, copy=False)
    dist_unlock_reason = fields.Char(string="Unlocked because", readonly=True, copy=False)
    dist_unlock_quantities = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)
    dist_unlock_values = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)
    dist_is_locked = fields.Boolean(
        compute="_compute_dist_is_locked", string="Locked", help="The warehouse works on it."
    )
    dist_is_untold = fields.Boolean(
        compute="_compute_dist_is_locked",
        string="Could not be told",
        help="It was handed over, but no message could be made of it: the warehouse does not know of it.",
    )
    dist_is_cancel_locked = fields.Boolean(
        compute="_compute_dist_is_cancel_locked",
        string="Cancelled by the warehouse only",
        help="The warehouse works on it and is asked before it is cancelled.",
    )
    dist_can_override = fields.Boolean(compute="_compute_dist_can_override")

    @api.depends("state", "dist_release_state", "dist_unlocked_by_id")
    def _compute_dist_is_locked(self):
        released = self.filtered(
            lambda picking: picking.dist_release_state in RELEASED and picking.state not in FINISHED
        )
        untold = released.browse(released._dist_get_failed_requests().mapped("res_id"))
        for picking in self:
            picking.dist_is_untold = picking._origin in untold
        (self - released).dist_is_locked = False
        for picking in released:
            picking.dist_is_locked = not (picking.dist_is_untold or picking.dist_unlocked_by_id)

    @api.depends("dist_is_locked")
    def _compute_dist_is_cancel_locked(self):
        for picking in self:
            picking.dist_is_cancel_locked = picking.dist_is_locked and picking._dist_is_locked_for("cancel")

    @api.depends("dist_is_locked")
    @api.depends_context("uid")
    def _compute_dist_can_override(self):
        may = self.env.user.has_group(OVERRIDE_GROUP)
        for picking in self:
            picking.dist_can_override = may and picking.dist_is_locked

    def _dist_check_lock(self, action):
        """
        :param action: ``ask`` (what is to be moved), ``move`` (what was moved, and that it was) or ``cancel``
        :raises UserError: the warehouse works on one of these transfers
        """
        if self.env.su:
            return
        context = self.env.context
        locked = self.sudo().filtered(
            lambda picking: (
                picking.dist_is_locked
                and not lock.covers(context, picking.id)
                and picking._dist_is_locked_for(action)
            )
        )
        if locked:
            raise UserError(locked._dist_explain_lock())

    def _dist_is_locked_for(self, action):
        """:return: True when a person may not do this to a locked transfer; action as of `_dist_check_lock`"""
        self.ensure_one()
        if action == "move":
            return True
        if self._dist_get_release_kind() != "shipment":
            # a purchase or a return may still change until the goods arrive
            return False
        # a warehouse that takes no requests is told of a cancellation as of a fact
        return action != "cancel" or self._dist_takes_request("cancel")

    def _dist_explain_lock(self):
        return _(
            "%(transfers)s is with the warehouse %(system)s and is not changed here. Ask the warehouse with Request "
            "change, Request hold or Request cancellation. Who has the right can unlock it with a reason.",
            transfers=", ".join(self.mapped("name")),
            system=self[:1].dist_system_id.name,
        )

    def _dist_with_pass(self):
        """:return: these transfers, in an environment in which they are not locked"""
        return self.with_context(**{lock.KEY: lock.LockPass(self.ids)})

    # what people do to a transfer

    def write(self, vals):
        if not self.env.su:
            if TOLD & set(vals):
                self._dist_check_lock("ask")
            if MOVED & set(vals):
                self._dist_check_lock("move")
        return super().write(vals)

    @api.model
    def _get_writable_fields(self):
        # our own that are readonly tell what happened between Odoo and the warehouse
        return {
            name for name, field in self._fields.items() if not (name.startswith("dist_") and field.readonly)
        }

    def button_validate(self):
        self._dist_check_lock("move")
        return super().button_validate()

    def _action_done(self):
        self._dist_check_lock("move")
        unlocked = self.filtered(
            lambda picking: picking.dist_unlocked_by_id and picking.dist_release_state in RELEASED
        )
        result = super()._action_done()
        if unlocked and not (self.env.su and self.env.context.get("dist_shipped_outside")):
            unlocked._dist_tell_done()
        return result

    def action_cancel(self):
        self._dist_check_lock("cancel")
        return super(StockPicking, self if self.env.su else self._dist_with_pass()).action_cancel()

    def do_unreserve(self):
        self._dist_check_lock("move")
        return super().do_unreserve()

    # override

    def _dist_check_may_override(self):
        """:raises AccessError: the user may not act against what was agreed with the warehouse"""
        self._dist_check_may_write()
        if not self.env.user.has_group(OVERRIDE_GROUP):
            raise AccessError(_("You may not override what was agreed with a warehouse."))

    def _dist_override(self, reason, words):
        """Keep who acted against what was agreed with the warehouse, and why.

        :param words: sentence on what was done
        """
        self.env["dist.audit.entry"]._add_each("overridden", self, reason=reason)
        for picking in self.sudo():
            picking.message_post(
                body=_("%(what)s %(reason)s", what=words, reason=reason),
                author_id=self.env.user.partner_id.id,
            )

    def _dist_unlock(self, reason):
        """Let people change released transfers, until they are locked again."""
        self._dist_check_may_override()
        locked = self.filtered("dist_is_locked")
        if not locked:
            raise UserError(_("The warehouse does not work on: %s", ", ".join(self.mapped("name"))))
        for picking in locked.sudo():
            picking.write(
                {
                    "dist_unlocked_by_id": self.env.uid,
                    "dist_unlock_reason": reason,
                    "dist_unlock_quantities": picking._dist_get_open_quantities(),
                    "dist_unlock_values": picking._dist_get_told_values(),
                }
            )
        locked._dist_override(reason, _("Unlocked although it is with the warehouse:"))

    def _dist_get_open_quantities(self):
        """:return: dict, line as messages call it to what is still to be moved, in the product's unit"""
        self.ensure_one()
        quantities = {}
        for move in self.move_ids:
            if move.state not in FINISHED:
                line = move._dist_get_line_ref()
                quantities[line] = quantities.get(line, 0.0) + move.product_qty
        return quantities

    def _dist_get_told_values(self):
        """:return: dict, what may be asked for of a shipment as a whole, to its value now as JSON can have it"""
        return {
            name: fields.Datetime.to_string(self[own]) if name == "requested_date" else self[own].id
            for name, own in WANTED.items()
        }

    def action_dist_lock(self):
        """Lock unlocked transfers again; the warehouse is told what was changed in between."""
        self._dist_check_may_write()
        for picking in self.sudo().filtered("dist_unlocked_by_id"):
            before, after = picking.dist_unlock_quantities or {}, picking._dist_get_open_quantities()
            known, wanted = picking.dist_unlock_values or {}, picking._dist_get_told_values()
            changed = {name: value for name, value in wanted.items() if value and value != known.get(name)}
            reason = picking.dist_unlock_reason
            picking.write(picking._dist_prepare_locked())
            if picking.dist_release_state not in RELEASED or picking.state in FINISHED:
                continue
            if before != after or changed:
                self._dist_audit_changes(picking, before, after, known, changed, reason)
            if picking.dist_former_address:
                changed["partner_id"] = picking.partner_id.id
            if before != after or changed:
                picking._dist_tell_changed(before, reason, **changed)
        return True

    @api.model
    def _dist_prepare_locked(self):
        return {
            "dist_unlocked_by_id": False,
            "dist_unlock_reason": False,
            "dist_unlock_quantities": False,
            "dist_unlock_values": False,
        }

    @api.model
    def _dist_audit_changes(self, picking, before, after, known, changed, reason):
        """
        :param before: dict, line to its open quantity while the warehouse knew it; after: now
        :param known: as of `_dist_get_told_values`; changed: those of them that are others now
        """
        changes = []
        for line in sorted({*before, *after}):
            if before.get(line) != after.get(line):
                changes.append({"field": _("Line %s", line), "old": before.get(line), "new": after.get(line)})
        changes += [
            {"field": picking._fields[WANTED[name]].string, "old": known.get(name), "new": value}
            for name, value in changed.items()
        ]
        self.env["dist.audit.entry"]._add(
            "changed", picking, user_id=self.env.uid, changes=changes, reason=reason
        )

    def _dist_override_release(self, reason):
        """Hand over transfers although something holds them back."""
        self._dist_check_may_override()
        for picking in self:
            picking._dist_check_can_release()
        holds = {picking: " ".join(picking._dist_get_release_holds()) for picking in self}
        self.sudo().write({"dist_hold_reason": False})
        self.sudo()._dist_release_request()
        for picking, hold in holds.items():
            picking._dist_override(reason, _("Released although held back (%s):", hold))

    def _dist_override_cancel(self, reason):
        """Cancel released transfers at once; the warehouse is told, not asked."""
        self._dist_check_may_override()
        self._dist_override(reason, _("Cancelled without the consent of the warehouse:"))
        self.sudo().action_cancel()
