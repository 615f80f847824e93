from datetime import timedelta

from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from ..models.series import get_unit_field
from .export_common import ExportCase, monday_of, weeks_ago


@tagged("post_install", "-at_install")
class TestPlanningHistory(ExportCase):
    def test_demand_by_period(self):
        """P1, rules 1 and 7: demand is counted in the period it was asked for, with its calendar and its unit."""
        self._put(self.tape, 100)
        first, second = weeks_ago(3), weeks_ago(2)
        self._deliver(self._sell(self.tape, 5, first))
        self._deliver(self._sell(self.tape, 3, first + timedelta(days=1)))
        self._sell(self.tape, 4, second)
        self._refresh()
        history = self._get_history(self.tape)
        self.assertEqual(history[monday_of(first)].gross, 8)
        # what is not delivered yet was asked for all the same
        self.assertEqual(history[monday_of(second)].gross, 4)
        self.assertEqual(history[monday_of(second)].calendar, "week/Europe/Brussels")
        self.assertEqual(history[monday_of(second)].uom_id, self.tape.uom_id)

    def test_other_unit(self):
        """Rule 7: what is sold by the dozen is demand in the item's unit."""
        unit = get_unit_field(self.env["sale.order.line"])
        order = self._sell(self.tape, 2, weeks_ago(2), line={unit: self.env.ref("uom.product_uom_dozen").id})
        self.assertEqual(order.picking_ids.move_ids.product_qty, 24)
        self._refresh()
        self.assertEqual(self._get_history(self.tape)[monday_of(weeks_ago(2))].gross, 24)

    def test_wanted_date_counts(self):
        """P1: an order that the customer wants later is demand of then."""
        ordered, wanted = weeks_ago(4), weeks_ago(2)
        self._sell(self.tape, 5, ordered, commitment_date=wanted)
        self._refresh()
        self.assertEqual(list(self._get_history(self.tape)), [monday_of(wanted)])

    def test_period_that_is_not_over(self):
        """P1: the week under way is no history: it would look like little demand."""
        self._sell(self.tape, 5, fields.Datetime.now())
        self._sell(self.tape, 5, fields.Datetime.now() + timedelta(days=21))
        self._refresh()
        self.assertFalse(self._get_history(self.tape))

    def test_time_zone(self):
        """Rule 2: Sunday 23:30 UTC is Monday in Brussels, and belongs to the week that begins."""
        monday = weeks_ago(2) - timedelta(days=2)
        late = monday.replace(hour=23, minute=30) - timedelta(days=1)
        self._sell(self.tape, 5, late)
        self._refresh()
        self.assertEqual(list(self._get_history(self.tape)), [fields.Date.to_string(monday.date())])
        west = self.env["res.partner"].create({"name": "Seattle DC", "tz": "America/Los_Angeles"})
        seattle = self.env["stock.warehouse"].create(
            {"name": "Seattle", "code": "SEA", "partner_id": west.id}
        )
        early = monday.replace(hour=5, minute=0)
        self._sell(self.tape, 5, early, warehouse=seattle)
        self._refresh()
        sunday_week = fields.Date.to_string((monday - timedelta(days=7)).date())
        self.assertEqual(list(self._get_history(self.tape, warehouse=seattle)), [sunday_week])

    def test_days_and_months(self):
        """P1: periods are days, weeks or months, as the source plans."""
        self.source.bucket = "day"
        moment = weeks_ago(2).replace(hour=23, minute=30)
        self._sell(self.tape, 5, moment)
        self._refresh()
        next_day = fields.Date.to_string(moment.date() + timedelta(days=1))
        self.assertEqual(list(self._get_history(self.tape, "day")), [next_day])
        self._refresh(buckets=["month"])
        months = self._get_history(self.tape, "month")
        self.assertTrue(all(start.endswith("-01") for start in months))

    def test_returns(self):
        """Rule 3: what comes back is netted into the week in which it was sold; gross is kept."""
        self._put(self.tape, 100)
        sold, back = weeks_ago(6), weeks_ago(2)
        order = self._sell(self.tape, 10, sold)
        self._deliver(order, sold)
        self._return(order, 4, back)
        self._refresh()
        history = self._get_history(self.tape)
        self.assertEqual(list(history), [monday_of(sold)])
        row = history[monday_of(sold)]
        self.assertEqual((row.gross, row.returned, row.net), (10, 4, 6))

    def test_more_back_than_sold(self):
        """Rule 3: net demand is never below zero; goods that come back without an order are of the week they come."""
        moment = weeks_ago(2)
        self._move(self.tape, 7, self.customers, self.warehouse.lot_stock_id, moment)
        self._refresh()
        row = self._get_history(self.tape)[monday_of(moment)]
        self.assertEqual((row.gross, row.returned, row.net), (0, 7, 0))

    def test_stock_outs(self):
        """Rule 4: days that end without stock are counted; a week with 70 % of them says nothing."""
        stock = self.warehouse.lot_stock_id
        monday = weeks_ago(5) - timedelta(days=2)
        self._move(self.tape, 5, self.suppliers, stock, monday - timedelta(days=7))
        # empty from Monday to Friday, 5 of 7 days
        self._move(self.tape, 5, stock, self.customers, monday)
        self._move(self.tape, 8, self.suppliers, stock, monday + timedelta(days=5))
        # empty from Thursday of the next week on, 4 of 7, and for good
        self._move(self.tape, 8, stock, self.customers, monday + timedelta(days=10))
        self._refresh()
        history = self._get_history(self.tape)
        start = [fields.Date.to_string((monday + timedelta(weeks=week)).date()) for week in range(3)]
        self.assertEqual([history[day].stockout_days for day in start], [5, 4, 7])
        self.assertEqual([history[day].usable for day in start], [False, True, False])
        self.assertEqual([history[day].gross for day in start], [5, 8, 0])

    def test_kit(self):
        """Rule 5: of a kit the components are demand, once, and not the kit."""
        part = self._make_product("PART")
        order = self._sell(self.glove, 2, weeks_ago(2))
        picking = order.picking_ids
        # what Odoo makes of a kit: moves of the components in place of the product's own
        part_move = picking.move_ids.copy({"product_id": part.id, "product_uom_qty": 6})
        picking.move_ids[0]._action_cancel()
        part_move._action_confirm()
        self._refresh()
        self.assertEqual(self._get_history(part)[monday_of(weeks_ago(2))].gross, 6)
        self.assertFalse(self._get_history(self.glove))

    def test_drop_shipment(self):
        """Rule 8: what a supplier sends to the customer is no demand on a warehouse, nor is what comes back to it."""
        self._move(self.tape, 5, self.suppliers, self.customers, weeks_ago(2))
        self._move(self.tape, 2, self.customers, self.suppliers, weeks_ago(2))
        self._refresh()
        self.assertFalse(self._get_history(self.tape))

    def test_other_warehouse(self):
        """Rule 8: what moves between warehouses is demand on neither."""
        other = self.env["stock.warehouse"].create({"name": "Ghent", "code": "GNT"})
        transit = self.company.internal_transit_location_id
        self._put(self.tape, 50)
        self._move(self.tape, 5, self.warehouse.lot_stock_id, other.lot_stock_id, weeks_ago(2))
        self._move(self.tape, 5, self.warehouse.lot_stock_id, transit, weeks_ago(2))
        self._move(self.tape, 5, transit, other.lot_stock_id, weeks_ago(2))
        self._refresh()
        rows = [
            *self._get_history(self.tape).values(),
            *self._get_history(self.tape, warehouse=other).values(),
        ]
        self.assertFalse([row for row in rows if row.gross])

    def test_delivery_in_three_steps(self):
        """Rule 8: pick, pack and ship are one demand."""
        self.warehouse.delivery_steps = "pick_pack_ship"
        self._put(self.tape, 50)
        order = self._sell(self.tape, 5, weeks_ago(2))
        self._refresh()
        self.assertEqual(self._get_history(self.tape)[monday_of(weeks_ago(2))].gross, 5)
        for _step in range(3):
            ready = order.picking_ids.filtered(lambda picking: picking.state in ("assigned", "confirmed"))
            self._do(ready[:1])
            self._refresh()
            self.assertEqual(self._get_history(self.tape)[monday_of(weeks_ago(2))].gross, 5)

    def test_promotions(self):
        """P1: what was sold at a discount is told apart."""
        self._sell(self.tape, 5, weeks_ago(2))
        self._sell(self.tape, 3, weeks_ago(2), line={"discount": 20.0})
        self._refresh()
        row = self._get_history(self.tape)[monday_of(weeks_ago(2))]
        self.assertEqual((row.gross, row.promotion), (8, 3))

    def test_cancelled(self):
        """P1: what was cancelled is no demand; the row is kept with zeros, so that whoever has it hears of it."""
        order = self._sell(self.tape, 5, weeks_ago(2))
        self._refresh()
        row = self._get_history(self.tape)[monday_of(weeks_ago(2))]
        before = row.version
        order._action_cancel()
        self._refresh()
        self.assertEqual(row.gross, 0)
        self.assertGreater(row.version, before)

    def test_nothing_new(self):
        """P1: an update that finds nothing new writes nothing."""
        self._sell(self.tape, 5, weeks_ago(2))
        self._refresh()
        version = self.env["dist.planning.history.version"]._get_number(self.company)
        self._refresh()
        self.assertEqual(self.env["dist.planning.history.version"]._get_number(self.company), version)

    def test_since(self):
        """P1: periods before a date can be left as they are."""
        old, late = weeks_ago(5), weeks_ago(2)
        order = self._sell(self.tape, 5, old)
        self._refresh()
        order._action_cancel()
        self._sell(self.tape, 3, late)
        self._refresh(since=fields.Date.to_date(monday_of(weeks_ago(3))))
        history = self._get_history(self.tape)
        self.assertEqual([history[monday_of(moment)].gross for moment in (old, late)], [5, 3])

    def test_other_company(self):
        """P1: each company has its own history."""
        other = self.env["res.company"].create({"name": "Other"})
        self._sell(self.tape, 5, weeks_ago(2))
        self.env["dist.planning.history"]._refresh(other)
        self.assertFalse(self.env["dist.planning.history"].search([("company_id", "=", other.id)]))
        self._refresh()
        operator = new_test_user(
            self.env,
            "there",
            groups="dist_integration_base.group_dist_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.env["dist.planning.history"].with_user(operator).search([]))
