from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ..stock_picking import FINISHED


class WarehouseConfirmationHandler(models.AbstractModel):
    """Goods that moved although nothing of them was open: they were cancelled meanwhile, or all was done.

    A person says whether they really moved; then they are booked on a transfer of their own. That nothing moved is
    no contradiction: the warehouse has finished.
    """

    _inherit = "dist.handler.warehouse.confirmation"

    def _choose_finished(self, plan, pickings):
        """
        :param pickings: the transfers a message names, none of them open
        :return: stock.picking that a confirmation is booked on all the same
        :raises BusinessError: nobody has accepted that yet
        """
        picking = pickings[-1:]
        if not any(self._has_moved(line) for line in plan.payload["lines"]):
            return picking
        error = self._prepare_finished(plan, picking)
        # whoever accepts that goods moved after the end has done so whichever way it ended
        if not any(map(plan.message._accepts, self._get_finished_codes())):
            raise error
        plan.picking = picking
        return self._make_anyway(plan, picking, self._read_moved(plan, pickings.move_ids))

    def _plan_moves(self, plan):
        return [] if plan.picking.state in FINISHED else super()._plan_moves(plan)

    def _finish_empty(self, plan):
        return None if plan.picking.state in FINISHED else super()._finish_empty(plan)

    def _get_finished_codes(self):
        """:return: codes of what says that nothing is open any more"""
        return [f"{self._get_kind()}_{end}" for end in ("cancelled", "finished")]

    def _prepare_finished(self, plan, picking):
        kind = self._get_kind()
        values = {
            "pointer": f"/{kind}",
            "status": 409,
            "severity": "high",
            "record": picking,
        }
        if picking.state == "cancel":
            return BusinessError(
                f"{kind}_cancelled",
                _("%s was cancelled in Odoo; the confirmation was not applied.", picking.name),
                suggestion=_(
                    "Accept the variance when the goods have moved all the same: they are booked on a transfer of "
                    "their own. Else have the warehouse put them back, and ignore the confirmation."
                ),
                **values,
            )
        return BusinessError(
            f"{kind}_finished",
            _(
                "%s is done in Odoo and nothing of it is open; the confirmation was not applied.",
                picking.name,
            ),
            suggestion=_(
                "Find out whether the warehouse moved the goods twice, or reported them twice. Accept the variance "
                "when they moved twice: they are booked on a transfer of their own. Else ignore the confirmation."
            ),
            **values,
        )

    def _read_moved(self, plan, moves):
        """
        :param moves: stock.move of finished transfers
        :return: dict, stock.move to what was moved of its item now, in the product's unit
        """
        moved, products = {}, self._read_line_products(plan, moves)
        for index, line in enumerate(plan.payload["lines"]):
            pointer, said = f"/lines/{index}", line.get("substitute_for")
            if said:
                asked = self._find_moves({"line": line.get("line"), "sku": said}, pointer, plan, moves, {})
            else:
                asked = self._find_moves(line, pointer, plan, moves, products)
            move = asked[-1:]
            portions = self._read_portions(plan, line, pointer, move)
            moved[move] = moved.get(move, 0.0) + sum(portion.quantity for portion in portions)
        return moved

    def _make_anyway(self, plan, picking, moved):
        made = picking.copy(self._prepare_anyway(plan, picking))
        for move, quantity in moved.items():
            if not move._dist_is_zero(quantity):
                move.copy(self._prepare_move_anyway(move, made, quantity))
        made.move_ids._action_confirm(merge=False)
        made.message_post(body=_("Moved although %s was not open any more.", picking.name))
        return made

    def _prepare_anyway(self, plan, picking):
        return {
            "move_ids": [],
            "move_line_ids": [],
            "backorder_id": picking.id,
            # the goods have moved: nothing is asked of the warehouse any more
            "dist_release_state": "acknowledged",
            "dist_system_id": plan.message.system_id.id,
            "dist_release_ref": picking.dist_release_ref,
        }

    def _prepare_move_anyway(self, move, picking, quantity):
        return {
            "picking_id": picking.id,
            "product_uom": move.product_id.uom_id.id,
            "product_uom_qty": quantity,
            "procure_method": "make_to_stock",
            "dist_line_ref": move._dist_get_line_ref(),
            "purchase_line_id": move.purchase_line_id.id,
            "origin_returned_move_id": move.origin_returned_move_id.id,
        }
