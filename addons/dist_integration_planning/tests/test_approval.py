from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import PlanningCase


@tagged("post_install", "-at_install")
class TestApproval(PlanningCase):
    """Proposals that rules approve, and those on a planner's list."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.planner = cls._make_planner()

    def _codes(self, *keys):
        return {proposal.key: proposal.reason_ids.mapped("code") for proposal in self._get_proposals(*keys)}

    def test_without_rules_everything_waits(self):
        """P3: nothing is bought by itself that nobody allowed."""
        self._take_in([self._proposal()])
        proposal = self._get_proposals()
        self.assertEqual((proposal.state, self._codes()), ("proposed", {"P-1": ["no_rule"]}))
        self.assertEqual(proposal.reason_text, "No rule fits it.")

    def test_within_the_limits(self):
        """P3: within a rule's limits it is approved by itself, beyond it waits and says why."""
        rule = self._make_rule(value_limit=50.0)
        self._take_in([self._proposal(), self._proposal("P-2", quantity=100)])
        small, large = self._get_proposals()
        self.assertEqual((small.state, small.rule_id, small.decided_by_id.id), ("approved", rule, False))
        self.assertEqual(
            (large.state, large.value, self._codes("P-2")), ("proposed", 400.0, {"P-2": ["value"]})
        )
        self.assertIn("Small ones approves up to", large.reason_text)

    def test_rules_by_supplier_class_and_category(self):
        """P3: the first rule that fits decides, by supplier, category and kind."""
        self._make_rule(name="Harbour", sequence=1, partner_id=self.supplier.id, is_automatic=False)
        self._make_rule(name="All", sequence=2)
        self._take_in([self._proposal(), self._proposal("P-2", kind="transfer", source_warehouse="NORTH")])
        self.assertEqual(self._codes(), {"P-1": ["manual"], "P-2": []})
        self.assertEqual(self._get_proposals().mapped("state"), ["proposed", "approved"])

    def test_currency(self):
        """P3, rule 15: a price is brought to the company's currency before it is held against a limit."""
        currency = self.env["res.currency"].create({"name": "TST", "symbol": "T"})
        self.env["res.currency.rate"].create({"currency_id": currency.id, "rate": 0.1, "name": "2020-01-01"})
        self._make_product("FAR", price=1.0, currency_id=currency.id)
        self._make_rule(value_limit=50.0)
        self._take_in([self._proposal(sku="FAR")])
        proposal = self._get_proposals()
        self.assertEqual((proposal.value, self._codes()), (100.0, {"P-1": ["value"]}))

    def test_value_is_not_rounded(self):
        """P3, rule 15: a value is held against a limit before it is rounded to the currency."""
        currency = self.env["res.currency"].create({"name": "TST", "symbol": "T"})
        self.env["res.currency.rate"].create({"currency_id": currency.id, "rate": 3.0, "name": "2020-01-01"})
        self._make_product("FAR", price=1.0, currency_id=currency.id)
        rule = self._make_rule(value_limit=3.33)
        self._take_in([self._proposal(sku="FAR")])
        self.assertEqual((self._get_proposals().value, self._codes()), (3.33, {"P-1": ["value"]}))
        rule.value_limit = 3.34
        self._take_in([self._proposal("P-2", sku="FAR")], "R-2", 1)
        self.assertEqual(self._codes("P-2"), {"P-2": []})

    def test_limit_below_a_cent(self):
        """P2, P3: a limit below the smallest coin, which would read as none, is refused."""
        rule = self._make_rule(value_limit=0.01)
        for record, name in ((rule, "value_limit"), (self.source, "proposal_value_limit")):
            with self.subTest(record=record), self.assertRaisesRegex(ValidationError, "0.01"):
                record[name] = 0.004

    def test_unknown_value(self):
        """P2, P3: a setting or move of unknown value waits where there is a limit; what suppliers ask is a value."""
        self._make_rule(value_limit=50.0)
        unknown, bought = self._make_product("NONE"), self._make_product("BOUGHT", price=8.0)
        (unknown | bought).standard_price = 0.0
        setting = {"kind": "reordering", "quantity": 5, "maximum": 10, "date_planned": None}
        rows = [
            self._proposal("P-1", "NONE", **setting),
            self._proposal("P-2", "BOUGHT", **setting),
            self._proposal("P-3", "NONE", kind="transfer", source_warehouse="NORTH"),
            self._proposal("P-4", **setting),
        ]
        self._take_in(rows)
        self.assertEqual(
            self._codes(), {"P-1": ["no_price"], "P-2": ["value"], "P-3": ["no_price"], "P-4": []}
        )
        self.assertIn("Nobody knows what it is worth", self._get_proposals("P-1").reason_text)
        self.assertEqual(self._get_proposals("P-2").value, 80.0)
        self.source.proposal_value_limit = 79.0
        batch = self._take_in([*rows, self._alert()], "R-2", 1)
        self.assertEqual([fault[3] for fault in self._get_faults(batch)], ["80"])

    def test_limit_of_the_source_is_for_what_it_proposes(self):
        """P2, P3: what a planner enters or the supplier's minimum makes of a proposal refuses no plan; it waits."""
        self.source.proposal_value_limit = 100.0
        rule = self._make_rule(is_automatic=False)
        self.glove.seller_ids.write({"min_qty": 500.0, "dist_order_multiple": 0.0})
        rows = [self._proposal(), self._proposal("P-2", "GLOVE", quantity=1)]
        self._take_in(rows)
        self._get_proposals("P-1").with_user(self.planner).approved_quantity = 60
        rule.is_automatic = True
        batch = self._take_in([*rows, self._alert()], "R-2", 1)
        self.assertEqual(batch.state, "active", self._get_faults(batch))
        self.assertEqual(self._codes(), {"P-1": ["source_limit"], "P-2": ["source_limit"]})
        self.assertEqual(self._get_proposals().mapped("value"), [240.0, 1000.0])
        self.assertIn("Platform may propose up to", self._get_proposals("P-2").reason_text)
        batch = self._take_in([self._proposal(quantity=60)], "R-3", 2)
        self.assertEqual(
            [fault[2:] for fault in self._get_faults(batch)], [("quantity", "240", "value_limit")]
        )

    def test_change_against_the_last(self):
        """P3: what is far from the last approved one waits, and so does what there is none before of."""
        self._make_rule(change_limit=50.0)
        self._take_in([self._proposal()])
        first = self._get_proposals()
        self.assertEqual(self._codes(), {"P-1": ["change"]})
        self.assertIn("none before to compare it with", first.reason_text)
        first.with_user(self.planner).action_approve()
        self._take_in([self._proposal("P-2", quantity=14), self._proposal("P-3", quantity=16)], "R-2", 1)
        self.assertEqual(self._codes("P-2", "P-3"), {"P-2": [], "P-3": ["change"]})
        self.assertAlmostEqual(self._get_proposals("P-3").change, 0.6)

    def test_change_of_a_setting_of_nothing(self):
        """P3: a reordering rule that stands at nothing is set to anything by a planner alone."""
        self._make_rule(change_limit=20.0)
        point = self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.tape.id,
                "warehouse_id": self.warehouse.id,
                "location_id": self.warehouse.lot_stock_id.id,
            }
        )
        setting = {"kind": "reordering", "quantity": 1000, "maximum": 1000, "date_planned": None}
        self._take_in([self._proposal(**setting)])
        self.assertEqual(self._codes(), {"P-1": ["change"]})
        point.write({"product_min_qty": 900.0, "product_max_qty": 1000.0})
        self._take_in([self._proposal("P-2", **setting)], "R-2", 1)
        self.assertEqual(self._codes("P-2"), {"P-2": []})

    def test_cover_counts_requests_for_quotation(self):
        """P3, rule 15: stock, what is on its way and requests for quotation are supply that a proposal adds to."""
        self._make_rule(cover_limit=20.0)
        self.env["stock.quant"]._update_available_quantity(self.tape, self.warehouse.lot_stock_id, 5)
        day = str(fields.Date.today() + timedelta(days=7))
        rows = [self._forecast(day=day, baseline=7, calendar="own"), self._proposal()]
        self._take_in(rows)
        proposal = self._get_proposals()
        self.assertEqual((proposal.cover_days, proposal.state), (15.0, "approved"))
        self._execute()
        self.assertEqual(proposal.purchase_id.state, "draft")
        self._take_in([rows[0], self._proposal("P-2")], "R-2", 1)
        proposal = self._get_proposals("P-2")
        self.assertEqual((proposal.cover_days, self._codes("P-2")), (25.0, {"P-2": ["cover"]}))
        self.assertEqual((proposal.on_hand, proposal.incoming, proposal.requested), (5.0, 0.0, 10.0))

    def test_cover_counts_what_is_approved(self):
        """P3: what is approved already, in this plan or before, counts for the cover: many small ones are one large."""
        self._make_rule(cover_limit=40.0)
        today = fields.Date.today()
        forecast = self._forecast(day=str(today + timedelta(days=7)), baseline=7, calendar="own")
        days = [str(today + timedelta(days=30 + number)) for number in range(4)]
        rows = [
            self._proposal(f"P-{number}", date_planned=day, quantity=15) for number, day in enumerate(days)
        ]
        self._take_in([forecast, *reversed(rows)])
        self.assertEqual(self._codes(), {"P-0": [], "P-1": [], "P-2": ["cover"], "P-3": ["cover"]})
        self.assertEqual(self._get_proposals().mapped("cover_days"), [15.0, 30.0, 45.0, 45.0])
        self._take_in([forecast, *rows, self._proposal("P-4", date_planned=days[3], quantity=11)], "R-2", 1)
        self.assertEqual(self._codes("P-4"), {"P-4": ["cover"]})
        self.assertEqual(self._get_proposals("P-4").cover_days, 41.0)

    def test_value_counts_what_rules_approved(self):
        """P3: what rules approved of an item counts for the value until a buyer has looked at it, what a planner
        approved does not: many small ones are one large.
        """
        self._make_rule(value_limit=100.0)
        self._take_in([self._proposal(f"P-{number}") for number in range(4)])
        self.assertEqual(self._codes(), {"P-0": [], "P-1": [], "P-2": ["value"], "P-3": ["value"]})
        third = self._get_proposals("P-2")
        self.assertEqual(third.value, 40.0)
        self.assertRegex(third.reason_text, "worth .*40.00, and rules approved .*80.00 of this item")
        third.with_user(self.planner).action_approve()
        self._execute()
        self._take_in([self._proposal("P-4"), self._proposal("P-5", "GLOVE")], "R-2", 1)
        self.assertEqual(self._codes("P-4", "P-5"), {"P-4": ["value"], "P-5": []})
        self._get_proposals("P-0").purchase_id.button_confirm()
        self._take_in([self._proposal("P-6")], "R-3", 2)
        self.assertEqual(self._codes("P-6"), {"P-6": []})

    def test_expired_plan(self):
        """P3, rule 11: what an expired plan proposes is not approved by any rule."""
        self._make_rule()
        self.moment -= timedelta(days=20)
        self._take_in([self._proposal()])
        proposal = self._get_proposals()
        self.assertEqual((proposal.state, self._codes()), ("proposed", {"P-1": ["expired"]}))
        self.assertIn("20 days old", proposal.reason_text)

    def test_unknown_supplier_or_price(self):
        """P3: a purchase without supplier or price waits."""
        self._make_rule()
        self._make_product("FREE", price=0.0)
        self._take_in([self._proposal(sku="SEAL"), self._proposal("P-2", "FREE")])
        self.assertEqual(self._codes(), {"P-1": ["no_supplier"], "P-2": ["no_price"]})

    def test_discontinued(self):
        """P2, P3: what is archived, or a service, is bought by no rule, though the platform still plans it."""
        self._make_rule()
        advice = self.env["product.product"].create(
            {"name": "Advice", "default_code": "ADVICE", "type": "service"}
        )
        self._make_offer(advice, price=5.0)
        self.glove.active = False
        self._take_in([self._proposal(sku="GLOVE"), self._proposal("P-2", "ADVICE"), self._proposal("P-3")])
        self.assertEqual(self._codes(), {"P-1": ["discontinued"], "P-2": ["discontinued"], "P-3": []})
        self.assertEqual(
            [text.split(":")[0] for text in self._get_proposals("P-1", "P-2").mapped("reason_text")],
            ["It is archived", "It is a service"],
        )
        self._get_proposals("P-1").with_user(self.planner).action_approve()
        self._execute()
        self.assertEqual(self._get_proposals("P-1").state, "executed")

    def test_supplier_without_working_hours(self):
        """P3: a calendar without hours is refused; one that lost them later holds up no plan: every day counts."""
        calendar = self.env["resource.calendar"].create(
            {"name": "Closed", "attendance_ids": [Command.clear()]}
        )
        rule = self.env["dist.planning.supplier"].create({"partner_id": self.supplier.id})
        with self.assertRaisesRegex(ValidationError, "Closed has no working hours"), self.env.cr.savepoint():
            rule.calendar_id = calendar
        hours = {"name": "Morning", "dayofweek": "0", "hour_from": 8, "hour_to": 12}
        calendar.attendance_ids = [Command.create(hours)]
        rule.calendar_id = calendar
        calendar.attendance_ids.unlink()
        self._take_in([self._proposal()])
        proposal = self._get_proposals()
        self.assertLessEqual(proposal.date_order, proposal.date_planned - timedelta(days=5))

    def test_absurd_lead_time(self):
        """P3: a lead time mistyped on a vendor's line holds up no plan: that item should have been ordered long ago."""
        self._make_product("FAR", price=1.0, delay=999_999)
        self._take_in([self._proposal(), self._proposal("P-2", "FAR")])
        near, far = self._get_proposals()
        self.assertGreater(near.date_order, far.date_order)
        self.assertGreaterEqual(far.date_order, fields.Date.today())

    def test_unknown_forecast_quality(self):
        """P3: a rule that asks for good forecasts approves none of which nobody knows how good they are."""
        self._make_rule(error_limit=30.0)
        self._take_in([self._proposal()])
        self.assertEqual(self._codes(), {"P-1": ["forecast_error"]})

    def test_lead_time(self):
        """P3, rule 14: a change of a lead time is brought back to the largest one and waits, whatever rules say."""
        self._make_rule()
        self._take_in([self._parameter(lead_time_days=30)])
        proposal = self._get_proposals()
        self.assertEqual(
            (proposal.kind, proposal.state, self._codes()[proposal.key]),
            ("lead_time", "proposed", ["lead_time"]),
        )
        self.assertEqual((proposal.quantity, proposal.maximum), (8.0, 30.0))
        self.assertIn("says 30.0, which was brought back to 8.0", proposal.reason_text)
        proposal.with_user(self.planner).action_approve()
        self._execute()
        self.assertEqual(self.tape.seller_ids.delay, 8)

    def test_reorder_points_become_proposals(self):
        """P3: where the reordering rule is another one it is proposed; where it is the same, nothing is."""
        self._take_in(
            [self._parameter(reorder_point=10, maximum=40), self._parameter("GLOVE", reorder_point=3)]
        )
        self.assertEqual(set(self._get_proposals().mapped("kind")), {"reordering"})
        proposal = self._get_proposals().filtered(lambda found: found.product_id == self.tape)
        proposal.with_user(self.planner).action_approve()
        self._execute()
        self.assertEqual(
            (proposal.orderpoint_id.product_min_qty, proposal.orderpoint_id.product_max_qty), (10.0, 40.0)
        )
        self._take_in([self._parameter(reorder_point=10, maximum=40)], "R-2", 1)
        self.assertEqual(self._get_proposals().mapped("state").count("proposed"), 0)

    def test_changed_parameters_stay_decided(self):
        """P3: a reorder point that a planner changed and had set is not asked, or set, again until the source says
        another one, whatever rules approve and whoever sets it by hand.
        """
        said = self._parameter(reorder_point=100, maximum=200)
        self._take_in([said])
        proposal = self._get_proposals()
        proposal.with_user(self.planner).approved_quantity = 50
        self._take_in([said, self._alert()], "R-2", 1)
        self.assertEqual((proposal.state, proposal.approved_quantity), ("proposed", 50.0))
        proposal.with_user(self.planner).action_approve()
        self._execute()
        executed_at, point = proposal.executed_at, proposal.orderpoint_id
        self.assertEqual((point.product_min_qty, point.product_max_qty), (50.0, 200.0))
        self._make_rule(kind="reordering")
        self._take_in([said], "R-3", 2)
        self._execute()
        self.assertEqual((proposal.state, proposal.executed_at), ("executed", executed_at))
        point.write({"product_min_qty": 30.0, "product_max_qty": 40.0})
        self._take_in([said, self._alert()], "R-4", 3)
        self._execute()
        self.assertEqual(
            (proposal.state, point.product_min_qty, point.product_max_qty), ("executed", 30.0, 40.0)
        )
        self._take_in([self._parameter(reorder_point=110, maximum=200)], "R-5", 4)
        self._execute()
        self.assertEqual((point.product_min_qty, point.product_max_qty), (110.0, 200.0))

    def test_old_change_of_parameters(self):
        """P3: what left the list comes back as the source says it, without what a planner once changed."""
        said = self._parameter(reorder_point=100, maximum=200)
        self._take_in([said])
        proposal = self._get_proposals()
        proposal.with_user(self.planner).approved_quantity = 50
        self._take_in([self._parameter(reorder_point=120, maximum=200)], "R-2", 1)
        self.assertEqual(proposal.state, "superseded")
        self._take_in([said], "R-3", 2)
        self.assertEqual(
            (proposal.state, proposal.approved_quantity, proposal.is_edited), ("proposed", 100.0, False)
        )

    def test_changed_lead_time_stays_decided(self):
        """P3: a lead time that a planner changed and had set is not asked again until the source says another one."""
        said = self._parameter(lead_time_days=7)
        self._take_in([said])
        proposal = self._get_proposals()
        proposal.with_user(self.planner).approved_quantity = 6
        self._take_in([said, self._alert()], "R-2", 1)
        self.assertEqual((proposal.state, proposal.approved_quantity), ("proposed", 6.0))
        proposal.with_user(self.planner).action_approve()
        self._execute()
        self.assertEqual(self.tape.seller_ids.delay, 6)
        self._take_in([said], "R-3", 2)
        self.assertEqual(proposal.state, "executed")
        self._take_in([self._parameter(lead_time_days=8)], "R-4", 3)
        self.assertEqual(self._get_proposals().mapped("state").count("proposed"), 1)

    def test_archived_reordering_rule(self):
        """P3: a reordering rule that somebody archived is taken up again, there is only one of a product in a place."""
        point = self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.tape.id,
                "warehouse_id": self.warehouse.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "active": False,
            }
        )
        self._take_in([self._parameter(reorder_point=10, maximum=40)])
        proposal = self._get_proposals()
        proposal.with_user(self.planner).action_approve()
        self._execute()
        self.assertEqual((proposal.state, proposal.orderpoint_id), ("executed", point))
        self.assertEqual((point.active, point.trigger, point.product_min_qty), (True, "auto", 10.0))

    # the planner's list

    def test_bulk(self):
        """P3: a planner approves and refuses many at once; who did it is told."""
        self._take_in([self._proposal(f"P-{number}") for number in range(5)])
        proposals = self._get_proposals().with_user(self.planner)
        answer = proposals[:3].action_approve()
        self.assertEqual(answer["params"]["message"], "3 approved")
        proposals[3:].action_refuse()
        self.assertEqual(proposals.mapped("state"), ["approved"] * 3 + ["refused"] * 2)
        self.assertEqual(proposals.decided_by_id, self.planner)
        self._assert_told(proposals[:3], "approved", self.planner)
        self._assert_told(proposals[3:], "rejected", self.planner)
        with self.assertRaises(UserError):
            proposals.filtered(lambda found: found.state == "refused").action_refuse()

    def test_missing_supplier(self):
        """P3: what has no supplier stays on the list, the rest of the choice is approved."""
        self._take_in([self._proposal(), self._proposal("P-2", "SEAL")])
        proposals = self._get_proposals().with_user(self.planner)
        answer = proposals.action_approve()
        self.assertIn("1 have no supplier", answer["params"]["message"])
        self.assertEqual(proposals.mapped("state"), ["approved", "proposed"])

    def test_change(self):
        """P3, rule 7: a planner changes the quantity in place; it becomes whole packs of at least the minimum."""
        self._take_in([self._proposal(sku="GLOVE", quantity=30)])
        proposal = self._get_proposals()
        self.assertEqual((proposal.quantity, proposal.approved_quantity, proposal.value), (30.0, 36.0, 72.0))
        with Form(proposal.with_user(self.planner)) as form:
            form.approved_quantity = 5
        self.assertEqual((proposal.approved_quantity, proposal.value, proposal.is_edited), (24.0, 48.0, True))
        with self.assertRaises(UserError):
            proposal.with_user(self.planner).approved_quantity = -1

    def test_change_to_nonsense(self):
        """P3: nothing, no number and what nobody orders are refused in words; so is what is not proposed any more."""
        self._take_in([self._proposal(), self._parameter("GLOVE", reorder_point=5, maximum=9)])
        proposal = self._get_proposals("P-1")
        mine = proposal.with_user(self.planner)
        for quantity in (0, False, -1, 0.001, 1e30, float("nan"), "much"):
            with self.subTest(quantity), self.assertRaises(UserError), self.env.cr.savepoint():
                mine.write({"approved_quantity": quantity})
        self.assertEqual((proposal.approved_quantity, proposal.is_edited), (10.0, False))
        point = self._get_proposals() - proposal
        point.with_user(self.planner).approved_quantity = 0
        self.assertEqual(point.approved_quantity, 0)
        self._take_in([self._proposal("P-2")], "R-2", 1)
        with self.assertRaisesRegex(UserError, "not proposed any more"):
            mine.approved_quantity = 5

    def test_change_to_a_setting_without_sense(self):
        """P3: what plans are refused for, a planner is as well: a reorder point above what orders fill up to, and a
        lead time of ages.
        """
        self._take_in([self._parameter(reorder_point=5, maximum=20, lead_time_days=7)])
        for proposal in self._get_proposals().with_user(self.planner):
            with self.subTest(proposal.kind), self.assertRaises(UserError), self.env.cr.savepoint():
                proposal.approved_quantity = 3_000_000_000
        point = self._get_proposals().filtered(lambda found: found.kind == "reordering")
        with Form(point.with_user(self.planner)) as form:
            form.approved_quantity = 20
        self.assertEqual(point.approved_quantity, 20.0)

    def test_order_day_follows(self):
        """P3, rule 13: another supplier or day moves the day to order on, unless a planner says which."""
        slow = self.env["res.partner"].create({"name": "Slow", "ref": "SLOW"})
        self._make_offer(self.tape, partner_id=slow.id, price=3.0, delay=20, sequence=9)
        self._take_in([self._proposal()])
        proposal = self._get_proposals()
        mine, needed = proposal.with_user(self.planner), proposal.date_planned
        self.assertEqual(proposal.date_order, needed - timedelta(days=5))
        mine.partner_id = slow
        self.assertEqual(proposal.date_order, needed - timedelta(days=20))
        mine.date_planned = needed + timedelta(days=30)
        self.assertEqual(proposal.date_order, needed + timedelta(days=10))
        mine.date_order = needed
        mine.approved_quantity = 12
        self.assertEqual(proposal.date_order, needed)

    def test_taking_is_no_change(self):
        """P3: who takes a proposal has changed nothing of it."""
        self._take_in([self._proposal()])
        proposal = self._get_proposals()
        proposal.with_user(self.planner).action_take()
        self.assertEqual((proposal.planner_id, proposal.is_edited), (self.planner, False))

    def test_change_stays(self):
        """P3: what a planner changed stays until the source proposes something else."""
        self._take_in([self._proposal()])
        proposal = self._get_proposals()
        proposal.with_user(self.planner).approved_quantity = 7
        self._take_in([self._proposal(), self._alert()], "R-2", 1)
        self.assertEqual((proposal.approved_quantity, proposal.batch_id.reference), (7.0, "R-2"))
        self._take_in([self._proposal(quantity=12)], "R-3", 2)
        self.assertEqual((proposal.approved_quantity, proposal.is_edited), (12.0, False))

    def test_approved_as_seen(self):
        """P3: what became another quantity, supplier or day since it was shown is not approved, and that is told."""
        self._take_in([self._proposal(), self._proposal("P-2")])
        proposals = self._get_proposals().with_user(self.planner)
        seen = [[proposal.id, proposal.terms] for proposal in proposals]
        changed, same = proposals
        self._take_in([self._proposal(quantity=5000), self._proposal("P-2")], "R-2", 1)
        answer = proposals.with_context(planning_terms=seen).action_approve()
        self.assertEqual((changed.state, same.state), ("proposed", "approved"))
        self.assertEqual(
            answer["params"]["message"], "1 approved. 1 were changed while you looked at them: look again"
        )
        seen = [[changed.id, changed.terms]]
        changed.date_order = fields.Date.today() + timedelta(days=9)
        changed.with_context(planning_terms=seen).action_approve()
        answer = changed.with_context(planning_terms=seen).action_ask_refusal()
        self.assertEqual((changed.state, answer["params"]["type"]), ("proposed", "warning"))
        changed.action_approve()
        self.assertEqual(changed.state, "approved")

    def test_number_of_another_item(self):
        """P3: a number that stands for another item now is another proposal; who has the old one before her approves
        nothing she never saw, and what was decided stays.
        """
        self._take_in([self._proposal()])
        seen = self._get_proposals().with_user(self.planner)
        self._take_in([self._proposal(sku="GLOVE", quantity=5000)], "R-2", 1)
        self.assertEqual((seen.state, seen.product_id, seen.quantity), ("superseded", self.tape, 10.0))
        with self.assertRaises(UserError):
            seen.action_approve()
        other = self._get_proposals("P-1")
        self.assertEqual((other.state, other.product_id, other.quantity), ("proposed", self.glove, 5000.0))
        other.with_user(self.planner).action_refuse()
        batch = self._take_in([self._proposal()], "R-3", 2)
        self.assertEqual((other.key, other.state, other.product_id), ("P-1", "refused", self.glove))
        self.assertEqual((seen.state, batch.known_count), ("superseded", 1))

    def test_decided_stays_decided(self):
        """P3, rule 9: what was decided is not proposed again; what is not proposed any more is off the list."""
        self._take_in([self._proposal(), self._proposal("P-2"), self._proposal("P-3")])
        yes, no, other = self._get_proposals().with_user(self.planner)
        yes.action_approve()
        no.action_refuse()
        batch = self._take_in([self._proposal(quantity=99), self._proposal("P-2", quantity=99)], "R-2", 1)
        self.assertEqual(
            (yes.state, yes.quantity, no.state, other.state), ("approved", 10.0, "refused", "superseded")
        )
        self.assertEqual((batch.known_count, batch.proposal_count), (2, 2))
        self._take_in([self._proposal("P-3")], "R-3", 2)
        self.assertEqual(other.state, "proposed")
        answer = (no | other).action_reopen()
        self.assertEqual((no.state, answer["params"]["message"]), ("proposed", "1 to decide again"))
        self.assertIn("proposed by R-1; R-3 is in force since", no.reason_text)

    def test_what_people_may(self):
        """G5: planners decide, others look; nobody enters what a plan says."""
        self._take_in([self._proposal()])
        proposal = self._get_proposals()
        reader = self._make_planner("reader", "dist_integration_base.group_dist_user")
        self.assertEqual(proposal.with_user(reader).quantity, 10.0)
        with self.assertRaises(AccessError):
            proposal.with_user(reader).action_approve()
        with self.assertRaises(AccessError):
            proposal.with_user(reader).approved_quantity = 5
        mine = proposal.with_user(self.planner)
        for values in ({"state": "executed"}, {"quantity": 5}, {"value": 0}, {"is_edited": False}):
            with self.subTest(values), self.assertRaises(AccessError):
                mine.write(values)
        with self.assertRaises(AccessError):
            proposal.batch_id.with_user(reader).action_check_again()
        with self.assertRaises(AccessError):
            mine.unlink()

    def test_companies(self):
        """G5: proposals and plans of another company are not seen, nor decided."""
        other = self.env["res.company"].create({"name": "Other"})
        planner = self._make_planner("there", company_id=other.id, company_ids=[(6, 0, other.ids)])
        batch = self._take_in([self._proposal(), self._forecast(), self._parameter(), self._alert()])
        for model in ("source", "batch", "batch.file", "forecast", "parameter", "alert", "proposal"):
            found = self.env[f"dist.planning.{model}"].with_user(planner).search([])
            self.assertFalse(found.filtered(lambda record: record.company_id != other), model)
        with self.assertRaises(AccessError):
            self._get_proposals().with_user(planner).action_approve()
        with self.assertRaises(AccessError):
            self._get_proposals().with_user(planner).action_open_document()
        with self.assertRaises(AccessError):
            batch.with_user(planner).read(["reference"])
