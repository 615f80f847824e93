import json

from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult

from ...lib import formats
from ...lib.confirmation import ConfirmationPlan, digest_of


class WarehouseConfirmationHandler(models.AbstractModel):
    """Applies what a warehouse says it moved.

    Every message is planned first: what it names is looked up and checked, nothing is written. The plans of a batch
    are then carried out together, with a single ``_action_done``.
    """

    _name = "dist.handler.warehouse.confirmation"
    _inherit = "dist.handler.warehouse"
    _description = "Handler of a confirmation"
    # finishing many transfers at once costs Odoo much less than finishing each
    _batch_size = 25

    def _get_external_id(self, payload):
        return payload.get("confirmation")

    def _get_payload_impact(self, message, payload):
        """The lines and items that the warehouse names, with the orders behind the transfers that it names."""
        impact = super()._get_payload_impact(message, payload)
        if payload is None:
            return impact
        named = {name: text for name, text in payload.items() if isinstance(text, str)}
        lines = self._get_payload_lines(payload)
        skus = self._name_items(lines, self._find_known_products(message, lines))
        impact = self._find_pickings(message, named)._dist_get_impact()
        return {**impact, "lines": len(lines) or impact["lines"], "skus": skus or impact["skus"]}

    def _prefetch(self, pairs):
        result, kind = super()._prefetch(pairs), self._get_kind()
        numbers = [payload[kind] for _message, payload in pairs if payload.get(kind)]
        if len(numbers) > 1:
            domain = self._get_picking_domain(pairs[0][0])
            pickings = self.env["stock.picking"].search([("dist_release_ref", "in", numbers), *domain])
            pickings.mapped("partner_id.commercial_partner_id.name")
            pickings.move_ids.product_id.mapped("uom_id.rounding")
            pickings.move_ids.move_line_ids.mapped("quantity")
        return result

    def _get_lock_keys(self, message, payload):
        kind, system = self._get_kind(), message.system_id
        keys = [f"dist.warehouse.confirmation/{system.id}/{kind}/{payload['confirmation']}"]
        pickings = self._find_pickings(message, payload)
        open_moves = pickings.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        if not open_moves:
            open_moves = self._get_open(pickings).move_ids
        keys += [f"stock.picking/{picking.id}" for picking in pickings]
        return keys + self._get_stock_lock_keys(self._get_touched_products(open_moves, payload).ids)

    def _get_touched_products(self, moves, payload):
        """
        :param moves: those that the message is about
        :return: product.product whose stock the message may change
        """
        return moves.product_id

    def _apply(self, message, payload):
        return self._apply_batch([(message, payload)])[0]

    def _apply_batch(self, pairs):
        results, group, meanings = [], [], {}
        for message, payload in pairs:
            plan = self._plan(message, payload, meanings)
            if any(self._collides(plan, other) for other in group):
                results += self._carry_out(group)
                group, plan = [], self._plan(message, payload, meanings)
            group.append(plan)
        return results + self._carry_out(group)

    def _collides(self, plan, other):
        """:return: True when a plan must be made anew after the other one was carried out"""
        is_same = plan.picking == other.picking or plan.external_id == other.external_id
        return is_same or bool(plan.serials & other.serials)

    # plan

    def _plan(self, message, payload, meanings):
        """
        :param meanings: dict of what codes mean, filled by the plans of a batch
        :return: ConfirmationPlan
        :raises ApplyError: it cannot be applied
        """
        plan = ConfirmationPlan(
            message, payload, digest_of(payload), picking=self.env["stock.picking"], meanings=meanings
        )
        plan.known = self.env["dist.warehouse.confirmation"]._find(
            message.system_id, self._get_kind(), plan.external_id
        )
        if plan.known:
            self._check_same(plan)
            return plan
        plan.moved_at = self._read_past_moment(message, payload, self._get_moment_name())
        plan.picking = self._choose_picking(plan)
        self._check_owner(plan)
        plan.moves = self._plan_moves(plan)
        self._check_tracking(plan)
        self._check_quantities(plan)
        self._set_destinations(plan)
        self._resolve_lots(plan)
        return plan

    def _set_destinations(self, plan):
        """Say where goods go that do not go where the transfer leads.

        :raises ApplyError: there is no place for them
        """

    def _check_same(self, plan):
        if plan.known.digest != plan.digest:
            raise BusinessError(
                "confirmation_reused",
                _(
                    "Confirmation %(number)s was applied before, to %(picking)s, with other content. "
                    "Nothing was changed.",
                    number=plan.external_id,
                    picking=plan.known.picking_id.name or _("a deleted transfer"),
                ),
                "/confirmation",
                status=409,
                record=plan.known.picking_id or None,
                suggestion=_("A correction needs a number of its own, or is posted in Odoo by hand."),
            )
        plan.known._get_answer()

    def _choose_picking(self, plan):
        """:return: the open transfer that the confirmation is applied to
        :raises BusinessError: unknown; cancelled or finished, and nobody has said that goods moved all the same
        """
        pickings = self._get_pickings(plan.message, plan.payload)
        picking = self._get_open(pickings)
        if not picking:
            return self._choose_finished(plan, pickings)
        plan.superseded = picking not in pickings
        if picking.state == "draft":
            raise BusinessError(
                "document_in_draft", _("%s is a draft in Odoo.", picking.name), status=409, record=picking
            )
        return picking

    def _check_owner(self, plan):
        """What was moved is said by its owner; a confirmation is applied as a whole or not at all.

        :raises OwnershipConflict: another system owns it
        """
        pointers = {"state": f"/{self._get_kind()}"}
        self.env["dist.ownership"]._filter_inbound(
            plan.message, plan.picking, {"state": "done"}, pointers, undivided=True
        )

    # record and answer

    def _record(self, plans):
        """:return: dict, identity of a plan to its dist.warehouse.confirmation"""
        # read of all at once
        self.env["stock.picking"].union(*(plan.picking for plan in plans)).mapped("backorder_ids.state")
        created = self.env["dist.warehouse.confirmation"].create(
            [self._prepare_record(plan) for plan in plans]
        )
        return {id(plan): confirmation for plan, confirmation in zip(plans, created, strict=True)}

    def _prepare_record(self, plan):
        return {
            "system_id": plan.message.system_id.id,
            "company_id": plan.picking.company_id.id,
            "kind": self._get_kind(),
            "external_id": plan.external_id,
            "picking_id": plan.picking.id,
            "backorder_id": self._get_backorder(plan).id,
            "message_id": plan.message.id,
            "moved_at": plan.moved_at,
            "is_final": plan.is_final,
            "digest": plan.digest,
            "answer": json.dumps(self._get_answer(plan)),
        }

    def _get_backorder(self, plan):
        return plan.picking.backorder_ids.filtered(lambda rest: rest.state != "cancel")[:1]

    def _get_result(self, plan, confirmation):
        return HandlerResult(
            confirmation._get_answer(),
            record=confirmation.picking_id or None,
            exceptions=plan.exceptions,
        )

    def _get_answer(self, plan):
        picking = plan.picking
        state = (
            picking.state if picking.state == "done" else "cancelled" if picking.state == "cancel" else "open"
        )
        return {
            "status": "applied",
            "confirmation": plan.external_id,
            self._get_kind(): picking.name,
            "state": state,
            "backorder": self._get_backorder(plan).name or None,
            "lines": [self._get_answer_line(plan, item) for item in plan.moves],
            "warnings": plan.warnings,
        }

    def _get_answer_line(self, plan, move_plan):
        move = move_plan.move
        missing = self._get_missing(move_plan)
        outcome = "complete"
        if missing:
            outcome = "cancelled" if self._cancels_rest(plan) else "backordered" if plan.is_final else "open"
            if plan.is_empty and outcome == "backordered":
                outcome = "open"
        return {
            "line": move._dist_get_line_ref(),
            "sku": move.product_id.default_code or None,
            "unit": move.product_id.uom_id.name,
            "asked": formats.quantity_text(move_plan.asked + move_plan.substituted),
            self._get_verb(): formats.quantity_text(move_plan.quantity),
            "missing": formats.quantity_text(missing),
            "outcome": outcome,
        }

    def _get_verb(self):
        """:return: what the warehouse did, as the answer names it"""
        raise NotImplementedError

    def _get_moment_name(self):
        return f"{self._get_verb()}_at"
