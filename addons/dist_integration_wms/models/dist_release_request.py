from collections import defaultdict

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec

from ..lib import formats
from .stock_picking import FINISHED

KINDS = [("hold", "Hold"), ("change", "Change"), ("cancel", "Cancellation")]
# what is asked for of a shipment as a whole, and the field of the transfer that follows
WANTED = {"requested_date": "scheduled_date", "partner_id": "partner_id", "carrier_id": "carrier_id"}


class DistReleaseRequest(models.Model):
    """Something the warehouse was asked about a shipment it works on, and its answer.

    Where the shipment stands is one thing, what was asked about it is another: the warehouse may refuse, also after it
    has shipped a part.
    """

    _name = "dist.release.request"
    _description = "Request to a warehouse"
    _inherit = ["dist.kept.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True, default="/")
    picking_id = fields.Many2one(
        "stock.picking", string="Transfer", required=True, readonly=True, ondelete="restrict", index=True
    )
    release_ref = fields.Char(string="Shipment", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    system_id = fields.Many2one("dist.system", required=True, readonly=True, ondelete="restrict", index=True)
    kind = fields.Selection(KINDS, string="Asked for", required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waits for the answer"),
            ("accepted", "Accepted"),
            ("accepted_in_part", "Accepted in part"),
            ("refused", "Refused"),
            ("lifted", "Hold lifted"),
            ("withdrawn", "Withdrawn"),
            ("overtaken", "Shipped before it was answered"),
            ("disregarded", "Agreed to, shipped all the same"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
    )
    reason = fields.Char(required=True, readonly=True)
    requested_date = fields.Datetime(string="Ship on", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Deliver to", readonly=True, ondelete="restrict", check_company=True
    )
    address = fields.Char(
        string="Address told", readonly=True, help="The address as the warehouse was asked for it."
    )
    carrier_id = fields.Many2one("delivery.carrier", readonly=True, ondelete="restrict", check_company=True)
    is_applied = fields.Boolean(
        string="Done in Odoo", readonly=True, help="Odoo was changed already; the answer only confirms it."
    )
    cancels_order = fields.Boolean(string="Cancel the order as well", readonly=True)
    user_id = fields.Many2one("res.users", string="Asked by", required=True, readonly=True)
    asked_at = fields.Datetime(string="Asked", required=True, readonly=True)
    answered_at = fields.Datetime(string="Answered", readonly=True)
    answer_reason = fields.Char(string="Reason of the warehouse", readonly=True)
    answer_note = fields.Char(string="Note of the warehouse", readonly=True)
    answer_digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    message_id = fields.Many2one("dist.message", string="Answer", readonly=True, ondelete="set null")
    line_ids = fields.One2many("dist.release.request.line", "request_id", string="Lines", readonly=True)

    _sql_constraints = [("name_uniq", "unique(name, company_id)", "Another request has this number.")]

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_release_request_waiting_uniq ON dist_release_request "
            "(picking_id, kind) WHERE state = 'waiting'"
        )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = self.env["ir.sequence"].next_by_code(self._name) or "/"
        return super().create(vals_list)

    def _get_waiting(self, *kinds):
        """:return: those of these requests that the warehouse has not answered; of some kinds, or of all"""
        return self.filtered(
            lambda request: request.state == "waiting" and (not kinds or request.kind in kinds)
        )

    def _get_agreed_holds(self):
        """:return: those of these requests by which the warehouse holds a shipment"""
        return self.filtered(lambda request: request.kind == "hold" and request.state == "accepted")

    # asking

    @api.model
    def _ask(self, picking, kind, reason, lines=(), **values):
        """Ask the warehouse; the message leaves with the transaction.

        :param lines: list of values of dist.release.request.line
        :return: dist.release.request
        """
        request = self.sudo().create(
            {
                "picking_id": picking.id,
                "release_ref": picking.dist_release_ref,
                "company_id": picking.company_id.id,
                "system_id": picking.sudo().dist_system_id.id,
                "kind": kind,
                "reason": reason,
                "user_id": self.env.uid,
                "asked_at": fields.Datetime.now(),
                **values,
            }
        )
        if lines:
            left = request._get_left()
            request.line_ids = [
                fields.Command.create({"shipped_before": left[line["line_ref"]], **line}) for line in lines
            ]
        if request.partner_id:
            request.address = request.partner_id._dist_get_address_text()
            picking.sudo()._dist_close_address_changed()
        picking.sudo()._dist_emit(f"shipment.{kind}.requested")
        return request

    def _ask_again(self, reason):
        """Ask for the same once more, in a request of its own.

        :return: dist.release.request
        """
        self.ensure_one()
        picking = self._get_open_picking()
        lines = self._prepare_lines_again()
        self._check_leaves_change(picking, lines)
        return self._ask(
            picking,
            self.kind,
            reason,
            lines,
            requested_date=self.requested_date,
            partner_id=self.partner_id.id,
            carrier_id=self.carrier_id.id,
            is_applied=self.is_applied,
            cancels_order=self.cancels_order,
        )

    def _prepare_lines_again(self):
        """:return: list of values of dist.release.request.line that ask for what is left of this request"""
        return [
            {
                "line_ref": line.line_ref,
                "product_id": line.product_id.id,
                "previous_quantity": previous,
                "quantity": wanted,
            }
            for line, (previous, wanted) in self._get_open_lines().items()
        ]

    def _check_leaves_change(self, picking, lines):
        """
        :param lines: as of `_prepare_lines_again`
        :raises UserError: what has left meanwhile leaves nothing of the change, or the change nothing of the shipment
        """
        if not self.line_ids or any(self[name] for name in WANTED):
            return
        if all(line["previous_quantity"] == line["quantity"] for line in lines):
            raise UserError(_("What was to be changed of %s has left already.", self.release_ref))
        wanted = {line["line_ref"]: line["quantity"] for line in lines}
        if not any({**picking._dist_get_open_quantities(), **wanted}.values()):
            raise UserError(_("Nothing would be left: ask for a cancellation instead."))

    def _get_pickings(self):
        """:return: stock.picking, all parts of the shipment, in the order in which they were made"""
        self.ensure_one()
        return self.env["stock.picking"].search(
            [
                ("dist_release_ref", "=", self.release_ref),
                ("dist_system_id", "=", self.system_id.id),
                ("company_id", "=", self.company_id.id),
            ],
            order="id",
        )

    def _get_open_picking(self):
        """:return: what is open of the shipment now; empty when all of it is done or cancelled"""
        return self._get_pickings().filtered(lambda picking: picking.state not in FINISHED)[:1]

    def _get_askable(self):
        """:return: the open shipment, when the warehouse can still be asked about it; empty otherwise"""
        if not self:
            return self.env["stock.picking"]
        return self._get_open_picking().filtered("dist_is_locked")

    # answers

    def _note_answer(self, message, payload, digest, **values):
        self.write(
            {
                "answered_at": fields.Datetime.now(),
                "answer_reason": payload.get("reason"),
                "answer_note": payload.get("note"),
                "answer_digest": digest,
                "message_id": message.id,
                **values,
            }
        )

    def _apply_hold_accepted(self, picking, remaining):
        picking.dist_is_on_hold = True

    def _apply_change_accepted(self, picking, remaining):
        """
        :param remaining: dict, stock.move to the quantity the warehouse still ships of it, in the product's unit, where
            it is another one than asked for
        """
        if not self.is_applied:
            self._reopen_lines(picking)
        if remaining or not self.is_applied:
            picking._dist_set_open_quantities({**self._get_wanted(picking), **remaining})
        wanted = {WANTED[name]: self[name] for name in WANTED if self[name]}
        if wanted and (remaining or not self.is_applied):
            picking.write(picking._convert_to_write(wanted))
        if self.address:
            picking._dist_note_address(self.address, self.user_id)

    def _get_wanted(self, picking):
        """:return: dict, open stock.move to the quantity asked for, less what was shipped since"""
        wanted = {}
        lines = {line.line_ref: quantity for line, (_open, quantity) in self._get_open_lines().items()}
        for ref, moves in picking._dist_get_open_moves().grouped(lambda m: m._dist_get_line_ref()).items():
            if ref in lines:
                wanted.update(moves._dist_spread(lines[ref]))
        return wanted

    def _get_open_lines(self):
        """What this request comes to now that a part may have left since it was asked for.

        :return: dict, line to (what is open without it, what is wanted of that), in the product's unit; without lines
            of which nothing is open or wanted any more
        """
        shipped, lines = self._get_shipped(), {}
        picking = self._get_open_picking()
        open_quantities = picking._dist_get_open_quantities() if picking else {}
        for line in self.line_ids:
            is_open = open_quantities.get(line.line_ref, 0.0)
            if self.is_applied:
                previous, wanted = max(line.previous_quantity - shipped[line], 0.0), is_open
            else:
                previous, wanted = is_open, line._get_still_wanted(shipped[line], is_open)
            if line._is_open(previous) or line._is_open(wanted):
                lines[line] = previous, wanted
        return lines

    def _reopen_lines(self, picking):
        """More is wanted of lines of which all that was asked for before has left already."""
        refs = {move._dist_get_line_ref() for move in picking._dist_get_open_moves()}
        for line, (_previous, wanted) in self._get_open_lines().items():
            if line.line_ref not in refs:
                shipped = self._get_pickings().move_ids.filtered(
                    lambda move, ref=line.line_ref: move.state == "done" and move._dist_get_line_ref() == ref
                )
                shipped[-1:]._dist_reopen(picking, wanted)

    def _apply_cancel_accepted(self, picking, remaining):
        if self.is_applied:
            return
        if any(not move._dist_is_zero(quantity) for move, quantity in remaining.items()):
            others = dict.fromkeys(picking._dist_get_open_moves(), 0.0)
            picking._dist_set_open_quantities({**others, **remaining})
            return
        # the warehouse knows: it is not told again
        picking.dist_release_state = "cancelled"
        picking.action_cancel()
        picking.dist_request_ids._withdraw()
        order = picking.sale_id
        if self.cancels_order and all(other.state == "cancel" for other in order.picking_ids):
            order._action_cancel()

    def _prepare_refused(self, picking):
        """:return: ExceptionSpec for the person who asked"""
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return ExceptionSpec(
            "business",
            f"{self.kind}_refused",
            _(
                "%(system)s refuses for %(shipment)s: %(kind)s. %(reason)s",
                system=self.system_id.name,
                shipment=self.release_ref,
                kind=labels[self.kind],
                reason=formats.words(self.answer_reason or ""),
            ),
            detail=self.answer_note or self.answer_reason or "",
            record=picking,
            severity="high" if self.kind == "cancel" or self.is_applied else "normal",
            suggestion=self._suggest_after_refusal(picking),
            fingerprint=f"{self._name}/{self.id}",
            assignee=self.user_id.id,
        )

    def _suggest_after_refusal(self, picking):
        if self.is_applied:
            return _("Odoo was changed already: agree with the warehouse what it ships, or set Odoo back.")
        if picking.state == "done":
            return _("It was shipped. Arrange a return when the customer does not want it.")
        return _("Keep the order going, or ask the warehouse again.")

    # what happens in between

    def _withdraw(self):
        """Nothing of the shipment is left to ask about."""
        self._get_waiting().filtered(lambda request: request.picking_id.state == "cancel").write(
            {"state": "withdrawn"}
        )
        self.env["dist.exception"]._close_for_record(
            self.picking_id, ["hold_refused", "change_refused", "cancel_refused"]
        )

    def _follow_shipment(self):
        """The shipment was confirmed: what is open of it is asked for still, else the request is overtaken. Who asked
        is told of what the warehouse shipped all the same.
        """
        for request in self._get_waiting() | self._get_disregarded():
            agreed, rest = request.state == "accepted", request._get_open_picking()
            if rest:
                request.picking_id = rest
            elif request.kind == "change" or not request.is_applied:
                request.state = "disregarded" if agreed else "overtaken"
            if agreed or request.state == "overtaken":
                request._tell_overtaken()

    def _get_disregarded(self):
        """:return: those of these requests that the warehouse agreed to, and then confirmed a shipment"""
        return self._get_agreed_holds().filtered("picking_id.dist_confirmation_ids")

    def _tell_overtaken(self):
        for spec in self._prepare_overtaken():
            self.env["dist.exception"]._open_without_message(
                spec, self.company_id, system=self.system_id, assignee=self.user_id
            )

    def _prepare_overtaken(self):
        """:return: list of ExceptionSpec for the person who asked: none where a change was shipped as it was wanted"""
        details = [_("Asked for because: %s", self.reason)]
        if self.kind == "change":
            details = [] if self.is_applied else self._describe_shipped_over()
        if not details:
            return []
        summaries = {
            "cancel": _("%s was shipped before the warehouse answered to its cancellation", self.release_ref),
            "change": _("More of %s was shipped than the change of it leaves", self.release_ref),
            "hold": _("%s was shipped although the warehouse was asked to hold it", self.release_ref),
        }
        if self.answered_at and self.kind == "hold":
            details.append(_("The warehouse had agreed to hold it."))
        return [
            ExceptionSpec(
                "business",
                f"{self.kind}_overtaken",
                summaries[self.kind],
                detail="\n".join(details),
                record=self.picking_id,
                severity="high",
                suggestion=_("Arrange a return when the customer does not want it."),
                fingerprint=f"{self._name}/{self.id}",
                assignee=self.user_id.id,
            )
        ]

    def _describe_shipped_over(self):
        """:return: list of sentences, one for each line of which more has left than was asked for"""
        shipped = self._get_shipped()
        return [
            _(
                "%(product)s: %(shipped)s %(unit)s were shipped, %(wanted)s were wanted.",
                product=line.product_id.display_name,
                shipped=formats.quantity_text(shipped[line]),
                unit=line.uom_id.name,
                wanted=formats.quantity_text(line.quantity),
            )
            for line in self.line_ids
            if float_compare(shipped[line], line.quantity, precision_rounding=line.product_id.uom_id.rounding)
            > 0
        ]

    def _get_shipped(self):
        """:return: dict, line to what has left of it since it was asked for, in the product's unit"""
        left = self._get_left()
        return {line: left[line.line_ref] - line.shipped_before for line in self.line_ids}

    def _get_left(self):
        """:return: dict, id of a line to what has left of it in all parts of the shipment, in the product's unit"""
        left = defaultdict(float)
        for move in self.sudo()._get_pickings().move_ids.filtered(lambda move: move.state == "done"):
            left[move._dist_get_line_ref()] += move._dist_get_product_quantity()
            for ref, quantity in (move.dist_stands_for or {}).items():
                left[ref] += quantity
        return left
