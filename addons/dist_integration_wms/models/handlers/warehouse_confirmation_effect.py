from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec

from ...lib import formats
from ...lib.confirmation import LineWrites


class WarehouseConfirmationHandler(models.AbstractModel):
    """What a confirmation changes."""

    _inherit = "dist.handler.warehouse.confirmation"

    def _carry_out(self, plans):
        """Apply plans that do not depend on each other.

        :return: list of HandlerResult, in the same order
        """
        fresh = [plan for plan in plans if not plan.known]
        self._check_stock(fresh)
        for plan in fresh:
            self._prepare_picking(plan)
        self._set_moved(fresh)
        self._finish(fresh)
        confirmations = self._record(fresh)
        return [self._get_result(plan, confirmations.get(id(plan)) or plan.known) for plan in plans]

    def _prepare_picking(self, plan):
        """Write what the message says of the transfer as a whole."""
        if plan.superseded:
            plan.picking._dist_release_supersede()

    def _check_stock(self, plans):
        """Check what plans take together.

        :raises ApplyError: it is not there
        """

    def _set_moved(self, plans):
        """Make the lines of the transfers what was moved: first of what is reserved for them, then the others, which
        take nothing that another one of the plans moves as well.
        """
        writes = LineWrites(self.env["stock.move.line"])
        moved = [(plan, item) for plan in plans for item in plan.moves if item.portions]
        unreserved = [(plan, item, item.move._dist_set_moved(item.portions, writes)) for plan, item in moved]
        writes.flush()
        moves = self.env["stock.move"].union(*(item.move for _plan, item in moved))
        for plan, item, portions in unreserved:
            without_stock = item.move._dist_add_moved(portions, moves) if portions else 0.0
            if without_stock:
                plan.exceptions.append(self._prepare_without_stock(plan, item, without_stock))

    def _prepare_without_stock(self, plan, move_plan, quantity):
        product = move_plan.move.product_id
        return ExceptionSpec(
            "business",
            "stock_negative",
            _(
                "%(product)s left %(warehouse)s although Odoo had none",
                product=product.display_name,
                warehouse=plan.picking.picking_type_id.warehouse_id.name,
            ),
            detail=_(
                "%(picking)s moved %(quantity)s %(unit)s more than Odoo had in stock; "
                "the stock in Odoo is negative now.",
                picking=plan.picking.name,
                quantity=formats.quantity_text(quantity),
                unit=product.uom_id.name,
            ),
            record=plan.picking,
            suggestion=_("Have the item counted; a receipt may not have been confirmed yet."),
            fingerprint=f"product.product/{product.id}/{plan.picking.location_id.id}",
        )

    def _finish(self, plans):
        """Validate the transfers, all in one go; those of which nothing moved are settled apart."""
        groups = {True: self.env["stock.picking"], False: self.env["stock.picking"]}
        continued = []
        for plan in plans:
            if not plan.is_empty:
                groups[self._cancels_rest(plan)] |= plan.picking
            if not plan.is_final and not plan.superseded:
                continued.append(plan.picking.id)
        for cancel_rest, pickings in groups.items():
            pickings.with_context(
                cancel_backorder=cancel_rest, dist_continued=tuple(continued), dist_shipped_outside=True
            )._action_done()
        for plan in plans:
            if plan.is_empty:
                self._finish_empty(plan)
            else:
                self._finish_moved(plan)

    def _get_rest_policy(self, plan):
        """:return: ``backorder``, ``cancel`` or ``ask``: what happens to what the warehouse did not move"""
        warehouse = plan.picking.picking_type_id.warehouse_id
        return warehouse[f"dist_{self._get_kind()}_short_policy"]

    def _cancels_rest(self, plan):
        return plan.is_final and self._get_rest_policy(plan) == "cancel"

    def _finish_moved(self, plan):
        picking = plan.picking
        if plan.moved_at and plan.moved_at < picking.date_done:
            picking.date_done = plan.moved_at
        if plan.is_final:
            self._note_short(plan)

    def _finish_empty(self, plan):
        """Nothing moved: the transfer stays open, or is cancelled as agreed."""
        if not plan.is_final:
            return
        picking = plan.picking
        # the warehouse knows: it is not told again
        picking.dist_release_state = "cancelled" if self._cancels_rest(plan) else "refused"
        picking._dist_drop_requests()
        if self._cancels_rest(plan):
            picking.action_cancel()
        plan.exceptions.append(self._prepare_nothing_moved(plan))

    def _prepare_nothing_moved(self, plan):
        cancelled = self._cancels_rest(plan)
        return ExceptionSpec(
            "business",
            f"nothing_{self._get_verb()}",
            _(
                "Nothing of %(picking)s was moved: %(reasons)s",
                picking=plan.picking.name,
                reasons=self._get_reasons(plan),
            ),
            detail=_("The transfer was cancelled, as agreed for this warehouse.")
            if cancelled
            else _("The transfer is still open in Odoo; the warehouse has finished it."),
            record=plan.picking,
            severity="high",
            suggestion=_(
                "Have the items counted. Order again what is still wanted: a cancelled transfer stays so."
            )
            if cancelled
            else _("Have the items counted. Release the transfer again, or cancel it."),
            fingerprint=f"stock.picking/{plan.picking.id}",
        )

    def _note_short(self, plan):
        """An exception for what the warehouse could not move; the effect stands."""
        short = [item for item in plan.moves if self._get_missing(item) > 0]
        if not short:
            return
        detail = "\n".join(
            _(
                "%(product)s: %(missing)s %(unit)s missing. %(reasons)s",
                product=item.move.product_id.display_name,
                missing=formats.quantity_text(self._get_missing(item)),
                unit=item.move.product_id.uom_id.name,
                reasons=self._get_words(item.reasons),
            )
            for item in short
        )
        plan.exceptions.append(self._prepare_short(plan, detail))

    def _prepare_short(self, plan, detail):
        return ExceptionSpec(
            "business",
            f"short_{self._get_kind()}",
            _(
                "Less than asked for on %(picking)s: %(reasons)s",
                picking=plan.picking.name,
                reasons=self._get_reasons(plan),
            ),
            detail=detail,
            record=self._get_backorder(plan) or plan.picking,
            severity="low",
            suggestion=_("The rest was cancelled, as agreed.")
            if self._cancels_rest(plan)
            else _("The rest is in a backorder. Have the items counted when Odoo shows them in stock."),
            fingerprint=f"stock.picking/{plan.picking.id}",
        )

    def _get_reasons(self, plan):
        reasons = [reason for item in plan.moves for reason in item.reasons]
        return self._get_words(reasons) or _("no reason given")

    def _get_words(self, reasons):
        """Return reason codes, each once, as a person reads them."""
        return ", ".join(reason.replace("_", " ") for reason in dict.fromkeys(reasons))

    def _get_missing(self, move_plan):
        missing = move_plan.asked - move_plan.quantity
        return 0.0 if missing < 0 or move_plan.move._dist_is_zero(missing) else missing
