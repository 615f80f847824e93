from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PlanningCase, only


@tagged("post_install", "-at_install")
class TestExecution(PlanningCase):
    """What is approved becomes documents, each proposal once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls._make_rule()
        cls.today = fields.Date.today()

    def _get_orders(self):
        return self.env["purchase.order"].search([("partner_id", "=", self.supplier.id)])

    def test_purchase(self):
        """P3: proposals of a supplier, warehouse and day become one request for quotation, at its prices."""
        self.glove.seller_ids.write({"min_qty": 0.0, "dist_order_multiple": 0.0})
        day = self.today + timedelta(days=30)
        self._take_in(
            [self._proposal(), self._proposal("P-2", "GLOVE"), self._proposal("P-3", warehouse="NORTH")]
        )
        self._execute()
        proposals = self._get_proposals()
        self.assertEqual(set(proposals.mapped("state")), {"executed"}, proposals.mapped("reason_text"))
        orders = proposals.purchase_id
        self.assertEqual(len(orders), 2)
        order = proposals[0].purchase_id
        self.assertEqual((order.state, order.picking_type_id), ("draft", self.warehouse.in_type_id))
        self.assertEqual(order.order_line.mapped("price_unit"), [4.0, 2.0])
        self.assertEqual(order.order_line.mapped("product_qty"), [10.0, 10.0])
        self.assertEqual(set(line.date_planned.date() for line in order.order_line), {day})
        self.assertEqual(order.date_order.date(), day - timedelta(days=5))
        self.assertEqual(order.origin, "platform R-1")

    def test_purchase_unit_and_packs(self):
        """P3, rule 7: minimum first, then whole packs, in the supplier's unit."""
        self.env["product.supplierinfo"].search(
            [("product_tmpl_id", "=", self.glove.product_tmpl_id.id)]
        ).unlink()
        self.glove.write(self._get_purchase_unit(self.dozen))
        self._make_offer(
            self.glove, price=20.0, min_qty=3, dist_order_multiple=2, **self._get_offer_unit(self.dozen)
        )
        self._take_in([self._proposal(sku="GLOVE", quantity=10)])
        self._execute()
        line = self._get_proposals().purchase_line_id
        self.assertEqual(line.product_qty, 4.0)
        self.assertEqual(line.product_uom_qty, 48.0)
        self.assertEqual((self._get_proposals().approved_quantity, line.price_subtotal), (48.0, 80.0))

    def test_whole_pieces(self):
        """P3: parts of pieces are rounded up before anything is approved, bought or moved; the proposal shows both."""
        rows = [
            self._proposal(quantity=7.86),
            self._proposal("P-2", kind="transfer", source_warehouse="NORTH", quantity=3.4),
        ]
        self._take_in(rows)
        self._execute()
        bought, moved = self._get_proposals()
        self.assertEqual((bought.quantity, bought.approved_quantity, bought.value), (7.86, 8.0, 32.0))
        self.assertEqual((bought.purchase_line_id.product_qty, moved.move_id.product_uom_qty), (8.0, 4.0))
        self.assertEqual((moved.quantity, moved.approved_quantity), (3.4, 4.0))

    def test_parts_of_pieces(self):
        """P3: a source may propose parts of pieces where that is set; what is weighed always comes in parts."""
        self.source.whole_pieces = False
        self._take_in([self._proposal(quantity=7.86), self._proposal("P-2", quantity=0.001)])
        self.assertEqual(self._get_proposals().mapped("approved_quantity"), [7.86, 0.01])
        self.source.whole_pieces = True
        kilogram = self.env.ref("uom.product_uom_kgm")
        sand = self.env["product.product"].create(
            {
                "name": "Sand",
                "default_code": "SAND",
                "uom_id": kilogram.id,
                **self._get_purchase_unit(kilogram),
            }
        )
        self._make_offer(sand, price=1.0)
        self._take_in([self._proposal("P-3", "SAND", unit="kg", quantity=7.86)], "R-2", 1)
        self.assertEqual(self._get_proposals("P-3").approved_quantity, 7.86)

    def test_planner_changes_to_a_part(self):
        """P3: what a planner enters is rounded up as well."""
        self.rule.active = False
        self._take_in([self._proposal()])
        proposal = self._get_proposals().with_user(self._make_planner())
        proposal.approved_quantity = 2.5
        self.assertEqual((proposal.approved_quantity, proposal.value), (3.0, 12.0))

    def _get_purchase_unit(self, unit):
        return {"uom_po_id": unit.id} if "uom_po_id" in self.glove._fields else {}

    def _get_offer_unit(self, unit):
        fields_of_offer = self.env["product.supplierinfo"]._fields
        return {"product_uom_id": unit.id} if "product_uom_id" in fields_of_offer else {}

    def test_supplier_calendar(self):
        """P3, rule 13: orders go out on a day the supplier takes them, early enough for its working days."""
        calendar = self.env["resource.calendar"].create({"name": "Harbour", "tz": "UTC"})
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Closed",
                "calendar_id": calendar.id,
                "date_from": "2030-03-06 00:00:00",
                "date_to": "2030-03-06 23:59:59",
            }
        )
        rules = self.env["dist.planning.supplier"].create(
            {
                "partner_id": self.supplier.id,
                "calendar_id": calendar.id,
                "monday": False,
                "wednesday": False,
                "thursday": False,
                "friday": False,
            }
        )
        self.assertTrue(rules.tuesday)
        self.patch(type(rules), "_get_holidays", self._get_holidays)
        self._take_in([self._proposal(date_planned="2030-03-13")])
        # five working days, the 6th left out, before Wednesday the 13th is Tuesday the 5th
        self.assertEqual(str(self._get_proposals().date_order), "2030-03-05")

    def _get_holidays(self, *_arguments):
        from datetime import date

        return {date(2030, 3, 6)}

    def test_holidays(self):
        """P3, rule 13: days off of the supplier's calendar are no working days."""
        calendar = self.env["resource.calendar"].create({"name": "Harbour", "tz": "UTC"})
        day = self.today + timedelta(days=(7 - self.today.weekday()) % 7 + 7)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Closed",
                "calendar_id": calendar.id,
                "date_from": fields.Datetime.to_string(fields.Datetime.to_datetime(day)),
                "date_to": fields.Datetime.to_string(fields.Datetime.to_datetime(day) + timedelta(hours=23)),
            }
        )
        rules = self.env["dist.planning.supplier"].create(
            {"partner_id": self.supplier.id, "calendar_id": calendar.id}
        )
        found = rules._get_calendar()
        self.assertFalse(found.works(day))
        self.assertTrue(found.works(day + timedelta(days=1)))
        self.assertFalse(found.works(day + timedelta(days=5)))

    def test_smallest_order(self):
        """P3: an order below the supplier's smallest one goes back to a planner, who may order all the same."""
        self.env["dist.planning.supplier"].create({"partner_id": self.supplier.id, "minimum_value": 100.0})
        self._take_in([self._proposal()])
        self._execute()
        proposal = self._get_proposals()
        self.assertEqual((proposal.state, proposal.reason_ids.code), ("proposed", "minimum"))
        self.assertFalse(self._get_orders())
        proposal.with_user(self._make_planner()).action_approve()
        self._execute()
        self.assertEqual(proposal.state, "executed")

    def test_smallest_order_is_asked_once(self):
        """P3: what a rule approved and came back waits while it is worth the same, whatever plans follow."""
        self.env["dist.planning.supplier"].create({"partner_id": self.supplier.id, "minimum_value": 100.0})
        self._take_in([self._proposal()])
        self._execute()
        proposal = self._get_proposals()
        text = proposal.reason_text
        self._take_in([self._proposal(), self._alert()], "R-2", 1)
        self.assertEqual((proposal.state, proposal.reason_ids.code), ("proposed", "minimum"))
        self.assertEqual(proposal.reason_text, text)
        self._take_in([self._proposal(quantity=30)], "R-3", 2)
        self._execute()
        self.assertEqual(proposal.state, "executed")

    def test_transfer(self):
        """P3: transfers between warehouses become pickings."""
        self._take_in([self._proposal(kind="transfer", source_warehouse="NORTH")])
        self._execute()
        picking = self._get_proposals().picking_id
        self.assertEqual(picking.picking_type_id, self.north.int_type_id)
        self.assertEqual(
            (picking.location_id, picking.location_dest_id),
            (self.north.lot_stock_id, self.warehouse.lot_stock_id),
        )
        self.assertEqual((picking.state, picking.move_ids.product_uom_qty), ("confirmed", 10.0))

    def test_reordering_rule_stays(self):
        """P3: rules are made so that Odoo does not clear them away, and existing ones are changed."""
        self._take_in([self._proposal(kind="reordering", quantity=5, maximum=20, date_planned=None)])
        self._execute()
        point = self._get_proposals().orderpoint_id
        self.assertEqual((point.trigger, point.product_min_qty, point.product_max_qty), ("auto", 5.0, 20.0))
        self.env["stock.warehouse.orderpoint"]._unlink_processed_orderpoints()
        self.assertTrue(point.exists())
        self._take_in(
            [self._proposal("P-2", kind="reordering", quantity=6, maximum=30, date_planned=None)], "R-2", 1
        )
        self._execute()
        self.assertEqual((self._get_proposals("P-2").orderpoint_id, point.product_min_qty), (point, 6.0))

    def test_once(self):
        """P3, rule 9: whatever is retried, a proposal is carried out once."""
        self._take_in([self._proposal()])
        proposal = self._get_proposals()
        for _time in range(3):
            proposal._job_execute()
        self._execute()
        self._take_in([self._proposal(), self._alert()], "R-2", 1)
        self._execute()
        self.assertEqual((len(self._get_orders()), len(self._get_orders().order_line)), (1, 1))

    def test_drafts_of_buyers(self):
        """P3, rule 9: a draft that a buyer works on is not touched by the plans that follow, not even one of ours."""
        self._take_in([self._proposal()])
        self._execute()
        draft = self._get_orders()
        draft.order_line.product_qty = 8
        draft.order_line[0].price_unit = 3.5
        self._take_in([self._proposal(quantity=20), self._proposal("P-2")], "R-2", 1)
        self._execute()
        self.assertEqual((draft.order_line.product_qty, draft.order_line.price_unit), (8.0, 3.5))
        self.assertEqual(len(self._get_orders()), 2)
        self._take_in([self._alert()], "R-3", 2)
        self.assertTrue(draft.exists())

    def test_jobs_of_200(self):
        """P3: jobs carry out at most 200 lines; what becomes one document stays together as far as it fits."""
        self.rule.active = False
        self._take_in([self._proposal(f"P-{number:03}") for number in range(450)])
        proposals = self._get_proposals()
        proposals.with_user(self._make_planner()).action_approve()
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_execute")])
        self.assertEqual(sorted(len(job.records) for job in jobs), [50, 200, 200])
        self.assertEqual({job.channel for job in jobs}, {"root.dist"})

    def test_lost_job(self):
        """P3, X2: what is approved and whose job was lost is taken up again."""
        self._take_in([self._proposal()])
        self.env["queue.job"].search([("method_name", "=", "_job_execute")]).unlink()
        self.env["dist.planning.proposal"]._cron_execute()
        self._execute()
        self.assertEqual(self._get_proposals().state, "executed")

    def test_failure(self):
        """P3: what cannot be carried out goes back to the planner with an exception and what it puts at risk; the
        others of its order are carried out.
        """
        self._take_in([self._proposal(), self._proposal("P-2", "GLOVE"), self._proposal("P-3")])
        proposals = self._get_proposals()
        original = type(proposals)._prepare_purchase_line
        reason = "No gloves today."

        def prepare(proposal, offer):
            if proposal.key == "P-2":
                raise UserError(reason)
            return original(proposal, offer)

        self.patch(type(proposals), "_prepare_purchase_line", prepare)
        self._execute()
        self.assertEqual(proposals.mapped("state"), ["executed", "proposed", "executed"])
        failed = proposals[1]
        self.assertEqual((failed.reason_ids.code, failed.reason_text), ("failed", "No gloves today."))
        exception = self.env["dist.exception"].search([("code", "=", "proposal_failed")])
        self.assertEqual((exception.res_id, exception.impact_value), (failed.id, failed.value))
        self.assertEqual(exception.impact_skus, "GLOVE")
        self.patch(type(proposals), "_prepare_purchase_line", original)
        failed.with_user(self._make_planner()).action_approve()
        self._execute()
        self.assertEqual((failed.state, exception.state), ("executed", "resolved"))

    def test_no_longer_allowed(self):
        """P2, P3: what a source may not do any more is not done, though it was approved before."""
        self._take_in([self._proposal()])
        self.source.warehouse_ids = only(self.north)
        self._execute()
        self.assertEqual(self._get_proposals().state, "proposed")
        self.assertFalse(self._get_orders())

    def test_without_rights_on_purchases(self):
        """P3: a planner need not be a buyer."""
        self.rule.active = False
        self._take_in([self._proposal()])
        proposal = self._get_proposals().with_user(self._make_planner())
        proposal.action_approve()
        proposal._job_execute()
        self.assertEqual(proposal.state, "executed")
