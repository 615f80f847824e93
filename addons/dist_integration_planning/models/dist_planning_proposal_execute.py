import hashlib
from datetime import datetime, time

import psycopg2
import pytz

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import groupby, split_every

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.models.dist_message import CHANNELS
from odoo.addons.dist_integration_base.models.dist_message_inbound import CONFLICTS
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost

from .series import get_unit_field

LINES_AT_ONCE = 200
FAILED = "proposal_failed"


class DistPlanningProposal(models.Model):
    """What is approved is carried out by jobs of at most 200 lines, each proposal once.

    A job locks its proposals, makes the documents and marks the proposals done in one transaction: whatever is tried
    again finds them done. It only makes new documents; drafts that a buyer works on are never touched.
    """

    _inherit = "dist.planning.proposal"

    def _enqueue_execution(self):
        for proposals in self._split():
            ids = ",".join(map(str, proposals.ids))
            proposals.with_delay(
                channel=CHANNELS["normal"],
                identity_key=f"dist-planning-proposals:{hashlib.sha256(ids.encode()).hexdigest()}",
                description=_("Carry out %s proposals", len(proposals)),
            )._job_execute()

    def _split(self):
        """:return: list of recordsets of at most 200, what becomes one document together as far as it fits"""
        parts, current = [], self.browse()
        for _key, group in groupby(self.sorted(_get_sort_key), _get_document_key):
            proposals = self.browse().union(*group)
            if len(current) + len(proposals) > LINES_AT_ONCE and current:
                parts.append(current)
                current = self.browse()
            for part in split_every(LINES_AT_ONCE, proposals.ids, self.browse):
                if len(part) == LINES_AT_ONCE:
                    parts.append(part)
                else:
                    current |= part
        return [*parts, current] if current else parts

    @api.model
    def _cron_execute(self):
        """Take up what is approved and whose job was lost."""
        left = self.search([("state", "=", "approved")])
        if left:
            left._enqueue_execution()

    def _job_execute(self):
        """Job: carry out those of these proposals that are approved and not done."""
        proposals = self._lock_approved()
        for _key, group in groupby(proposals.sorted(_get_sort_key), _get_document_key):
            own = proposals.browse().union(*group)
            own.with_company(own.company_id)._execute()

    def _lock_approved(self):
        """:return: those that are approved, locked until the end of the transaction"""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id FROM dist_planning_proposal WHERE id IN %s AND state = 'approved' ORDER BY id FOR UPDATE",
            (tuple(self.ids),),
        )
        found = self.sudo().browse(row[0] for row in self.env.cr.fetchall())
        found.invalidate_recordset()
        return found

    def _execute(self):
        """Carry out proposals that become one document; where that fails each half, down to the one that fails."""
        try:
            with self.env.cr.savepoint():
                self._check_still_allowed()
                done = getattr(self, f"_execute_{self[0].kind}")()
                self.env.flush_all()
        except _Waits as waits:
            self._put_back(waits.reason, waits.args[0])
        except Exception as error:
            if is_connection_lost(error) or (isinstance(error, psycopg2.Error) and error.pgcode in CONFLICTS):
                raise
            self.env.invalidate_all()
            if len(self) > 1:
                middle = len(self) // 2
                self[:middle]._execute()
                self[middle:]._execute()
            else:
                self._note_failure(error)
        else:
            if done:
                self.write({"state": "executed", "executed_at": fields.Datetime.now()})
                for proposal in self:
                    self.env["dist.exception"]._close_without_message([FAILED], str(proposal.id))
                self._after_execution()

    def _check_still_allowed(self):
        """:raises UserError: the source may not propose it any more"""
        for proposal in self:
            source = proposal.source_id
            places = proposal.warehouse_id | proposal.source_warehouse_id
            if proposal.kind not in source._get_allowed_kinds() or places - source._get_warehouses():
                raise UserError(_("%s may not propose this any more.", source.name))

    # purchases

    def _execute_purchase(self):
        """A request for quotation of its own for a supplier, warehouse and day."""
        self._check_smallest_order()
        offers = self.env["dist.planning.supplier"]._get_offers(self.product_id, self.company_id)
        order = self.env["purchase.order"].create(self._prepare_purchase(offers))
        for proposal, line in zip(self, order.order_line, strict=True):
            proposal.purchase_line_id = line
        return order

    def _check_smallest_order(self):
        """:raises _Waits: the order is worth less than the supplier accepts; a planner may say to order all the same"""
        rules = self.env["dist.planning.supplier"]._get_rules(self.partner_id, self.company_id)
        rule = rules.get(self.partner_id.id)
        if not rule or not rule.minimum_value or "minimum" in self.reason_ids.mapped("code"):
            return
        company = self.company_id
        value = company.currency_id._convert(
            sum(self.mapped("value")), rule.currency_id, company, fields.Date.context_today(self)
        )
        if rule.currency_id.compare_amounts(value, rule.minimum_value) < 0:
            raise _Waits(
                "minimum",
                _(
                    "The order is worth %(value)s, and %(supplier)s takes none below %(limit)s. Approve it again to "
                    "order all the same.",
                    value=rule.currency_id.format(value),
                    supplier=self.partner_id.display_name,
                    limit=rule.currency_id.format(rule.minimum_value),
                ),
            )

    def _prepare_purchase(self, offers):
        """:param offers: as of `_get_offers`
        :return: values of a purchase order
        """
        first = self[0]
        partner, company = first.partner_id, first.company_id
        chosen = [
            self.env["dist.planning.supplier"]._choose_offer(offers[proposal.product_id.id], partner)
            for proposal in self
        ]
        currency = next((offer.currency for offer in chosen if offer), None)
        return {
            "partner_id": partner.id,
            "company_id": company.id,
            "currency_id": (partner.property_purchase_currency_id or currency or company.currency_id).id,
            "picking_type_id": first.warehouse_id.in_type_id.id,
            "user_id": partner.buyer_id.id,
            "origin": f"{first.source_id.code} {first.batch_id.reference}",
            "date_order": first._to_moment(max(first.date_order or first._today(), first._today())),
            "order_line": [
                fields.Command.create(proposal._prepare_purchase_line(offer))
                for proposal, offer in zip(self, chosen, strict=True)
            ],
        }

    def _prepare_purchase_line(self, offer):
        unit = offer.unit if offer else self.uom_id
        quantity = self.uom_id._compute_quantity(self.approved_quantity, unit, rounding_method="HALF-UP")
        return {
            "product_id": self.product_id.id,
            "product_qty": quantity,
            get_unit_field(self.env["purchase.order.line"]): unit.id,
            "date_planned": self._to_moment(max(self.date_planned or self._today(), self._today())),
        }

    # transfers

    def _execute_transfer(self):
        """A transfer of its own between two warehouses for a day."""
        first = self[0]
        origin, destination = first.source_warehouse_id.lot_stock_id, first.warehouse_id.lot_stock_id
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": first.source_warehouse_id.int_type_id.id,
                "location_id": origin.id,
                "location_dest_id": destination.id,
                "origin": f"{first.source_id.code} {first.batch_id.reference}",
                "scheduled_date": first._to_moment(max(first.date_planned or first._today(), first._today())),
                "company_id": first.company_id.id,
            }
        )
        moves = self.env["stock.move"].create(
            [proposal._prepare_move(picking, origin, destination) for proposal in self]
        )
        for proposal, move in zip(self, moves, strict=True):
            proposal.move_id = move
        picking.action_confirm()
        return picking

    def _prepare_move(self, picking, origin, destination):
        moves = self.env["stock.move"]
        values = {
            "product_id": self.product_id.id,
            "product_uom_qty": self.approved_quantity,
            "product_uom": self.uom_id.id,
            "picking_id": picking.id,
            "location_id": origin.id,
            "location_dest_id": destination.id,
            "company_id": self.company_id.id,
        }
        if "name" in moves._fields:
            values["name"] = self.product_id.display_name
        return values

    # settings

    def _execute_reordering(self):
        """Set reordering rules; a new one works by itself: Odoo removes manual ones that have nothing to order.

        One that is archived is taken up again: there is one of a product in a place.
        """
        for proposal in self:
            values = {"product_min_qty": proposal.approved_quantity, "product_max_qty": proposal.maximum}
            point = proposal._find_orderpoint()
            if point:
                point.write(values if point.active else {**values, "active": True, "trigger": "auto"})
            else:
                point = point.create({**values, **proposal._prepare_orderpoint()})
            proposal.orderpoint_id = point
        return True

    def _find_orderpoint(self):
        """:return: stock.warehouse.orderpoint of the product in the warehouse's stock, archived or not; empty when
        there is none
        """
        points = self.env["stock.warehouse.orderpoint"].with_context(active_test=False)
        return points.search(
            [
                ("product_id", "=", self.product_id.id),
                ("location_id", "=", self.warehouse_id.lot_stock_id.id),
                ("company_id", "=", self.company_id.id),
            ],
            limit=1,
        )

    def _prepare_orderpoint(self):
        return {
            "product_id": self.product_id.id,
            "warehouse_id": self.warehouse_id.id,
            "location_id": self.warehouse_id.lot_stock_id.id,
            "company_id": self.company_id.id,
            "trigger": "auto",
        }

    def _execute_lead_time(self):
        for proposal in self:
            seller = proposal._find_seller()
            if not seller:
                raise UserError(
                    _("%s has no supplier whose lead time could be set.", proposal.product_id.display_name)
                )
            seller.delay = round(proposal.approved_quantity)
        return True

    def _find_seller(self):
        """:return: product.supplierinfo that a lead time is set on; empty when there is none"""
        suppliers = self.env["dist.planning.supplier"]
        offers = suppliers._get_offers(self.product_id, self.company_id)[self.product_id.id]
        offer = suppliers._choose_offer(offers, self.partner_id)
        return offer.seller if offer else self.env["product.supplierinfo"]

    # help

    def _today(self):
        return fields.Date.context_today(self)

    def _to_moment(self, day):
        """:return: datetime (UTC) of noon of a day where the warehouse is"""
        zone = pytz.timezone(self.warehouse_id.partner_id.tz or self.env.user.tz or "UTC")
        return zone.localize(datetime.combine(day, time(12))).astimezone(pytz.utc).replace(tzinfo=None)

    # what fails

    def _put_back(self, code, text):
        """Put these proposals on the planner's list again, and say why."""
        reason = self.env["dist.planning.reason"].search([("code", "=", code)])
        self.write(
            {
                "state": "proposed",
                "reason_text": text,
                "reason_ids": [fields.Command.set(reason.ids)],
                "rule_id": False,
            }
        )
        self._after_decision()

    def _note_failure(self, error):
        """An exception for a person, with what it puts at risk."""
        text = str(error.args[0]) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        self._put_back("failed", text)
        self.env["dist.exception"]._open_without_message(
            ExceptionSpec(
                category="business",
                code=FAILED,
                summary=_("%s could not be carried out", self.display_name),
                detail=text,
                record=self,
                severity="high",
                suggestion=_("Correct the cause, then approve the proposal again, or refuse it."),
                fingerprint=str(self.id),
                impact=self._dist_get_impact(),
            ),
            self.company_id,
            system=self.source_id.system_id,
            assignee=self.planner_id,
        )


class _Waits(Exception):
    """A proposal goes back to the planner; nothing is wrong.

    :param reason: code of a reason
    """

    def __init__(self, reason, text):
        super().__init__(text)
        self.reason = reason


def _get_document_key(proposal):
    """:return: what proposals have in common that become one document"""
    return (
        proposal.company_id.id,
        proposal.kind,
        proposal.source_id.id,
        proposal.warehouse_id.id,
        proposal.source_warehouse_id.id or 0,
        proposal.partner_id.id or 0,
        _get_day(proposal),
    )


def _get_day(proposal):
    """:return: text of the day on which a document is ordered or moved; settings have none"""
    days = {"purchase": proposal.date_order, "transfer": proposal.date_planned}
    return str(days.get(proposal.kind) or "")


def _get_sort_key(proposal):
    return (*_get_document_key(proposal), proposal.id)
