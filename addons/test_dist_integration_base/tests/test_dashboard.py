from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase, DistHttpCase

from .operations import OperationsMixin

# every figure is there; what failed is opened from it
SCREEN = """
    const wait = async (found) => {
        for (let i = 0; i < 1500; i++) {
            const result = found();
            if (result) return result;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`not found: ${found}`);
    };
    (async () => {
        await wait(() => document.querySelector(".o_dist_dashboard canvas"));
        const figures = document.querySelectorAll(".o_dist_dashboard [data-figure]");
        if (figures.length !== 6) throw new Error(`${figures.length} figures`);
        if (document.querySelectorAll(".o_dist_dashboard .o_dist_chart").length !== 3) throw new Error("charts");
        document.querySelector("[data-period=hour]").click();
        await wait(() => document.querySelector("[data-period=hour].active"));
        document.querySelector("[data-figure=failures]").click();
        await wait(() => document.querySelector(".o_list_view .o_data_row"));
        console.log("test successful");
    })();
"""


class DashboardMixin(OperationsMixin):
    @classmethod
    def _connect(cls):
        cls.people = cls._make_people()
        # one of its own: what else the database holds is none of its figures
        cls.company = cls.env["res.company"].create({"name": "Figures"})
        for person in cls.people.values():
            person.write({"company_id": cls.company.id, "company_ids": [(6, 0, cls.company.ids)]})
        cls.system, _client, _key = cls._make_system(
            company_id=cls.company.id, message_types=["partner.submit"]
        )
        cls.inbound = cls.system.flow_ids
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.outbound = cls._make_flow(cls.system, "partner.changed", endpoint_id=cls.endpoint.id)

    def _get(self, user="operator", period="day"):
        self.env.flush_all()
        return self.env["dist.dashboard"].with_user(self.people[user]).get_figures(period)

    def _open(self, figure, *arguments, user="operator"):
        action = (
            self.env["dist.dashboard"].with_user(self.people[user]).open_records(figure, "day", *arguments)
        )
        return self.env[action["res_model"]].with_user(self.people[user]).search(action["domain"])


@tagged("post_install", "-at_install")
class TestDashboard(DashboardMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect()

    def test_figures(self):
        """X4: messages, success rate, latency, what waits and fails; each figure opens what it counts."""
        before = self._get()["summary"]
        self._make_past(self.outbound, ["done"] * 18, seconds=0.2)
        self._make_past(self.outbound, ["dead"])
        waiting = self._make_past(self.outbound, ["pending"], minutes=120)
        held = self._make_past(self.inbound, ["error"])
        summary = self._get()["summary"]
        self.assertEqual(summary["messages"] - before["messages"], 21)
        self.assertEqual(summary["attempts"] - before["attempts"], 20)
        self.assertEqual(summary["failures"] - before["failures"], 2)
        self.assertEqual(summary["waiting"] - before["waiting"], 1)
        self.assertEqual((summary["dead"] - before["dead"], summary["held"] - before["held"]), (1, 1))
        self.assertGreaterEqual(summary["oldest_seconds"], 7200)
        for figure, number in (("messages", 21), ("failures", 2), ("attempts", 20), ("success", 18)):
            records = self._open(figure)
            records = records if records._name == "dist.message" else records.message_id
            self.assertEqual(len(records.filtered(lambda m: m.system_id == self.system)), number, figure)
        self.assertIn(waiting, self._open("waiting"))
        self.assertIn(held, self._open("failed"))
        self.assertEqual(len(self._open("dead", self.outbound.id)), 1)
        self.assertEqual(len(self._open("latency", self.outbound.id)), 18)

    def test_flows(self):
        """X4: the health of each flow, trouble first."""
        self._make_past(self.outbound, ["done"] * 8 + ["dead"] * 2, seconds=0.2)
        self._make_past(self.inbound, ["done"])
        rows = self._get()["flows"]
        self.assertEqual([row["id"] for row in rows[:2]], [self.outbound.id, self.inbound.id])
        failing, healthy = rows[:2]
        self.assertEqual((failing["health"], failing["share"], failing["failed"]), ("danger", 0.8, 2))
        self.assertEqual((healthy["health"], healthy["messages"]), ("success", 1))
        self.assertLess(failing["latency_p95"], 0.26)
        self.assertGreater(failing["latency_p50"], 0.09)

    def test_settled_flow(self):
        """X4: a flow of which everything that failed is settled is healthy again."""
        self._make_past(self.outbound, ["dead", "cancelled"])[0].action_cancel("Settled by telephone")
        (row,) = (row for row in self._get()["flows"] if row["id"] == self.outbound.id)
        self.assertEqual((row["health"], row["share"]), ("success", 0.0))

    def test_refused(self):
        """X4: a message that was refused, which its sender was told, is not counted as failed; it is found apart."""
        refused, failed = self._make_past(self.inbound, ["dead", "dead"])
        self._open_exception(failed)
        old = self._make_past(self.inbound, ["dead"], minutes=3000)
        figures = self._get()
        self.assertEqual((figures["summary"]["dead"], figures["summary"]["refused"]), (1, 1))
        self.assertEqual(next(r["failed"] for r in figures["flows"] if r["id"] == self.inbound.id), 1)
        for figure in ("dead", "failed"):
            self.assertEqual(self._open(figure), failed)
        self.assertEqual(self._open("refused"), refused)
        self.assertEqual((self.inbound.message_count, self.system.message_count), (1, 1))
        self.assertEqual((old | failed).mapped("is_refused"), [True, False])
        self.assertIn("its sender was told", refused.summary)
        refused.action_cancel("Settled by telephone")
        self.assertEqual(self._get()["summary"]["refused"], 0)

    def test_deferred(self):
        """X4, M7: what a disabled endpoint holds back, and the value of the orders behind it."""
        partners = self.env["res.partner"].create([{"name": "A"}, {"name": "B"}])
        messages = self._make_past(self.outbound, ["pending", "pending", "retry"])
        for message, partner in zip(messages, (partners[0], partners[1], partners[1]), strict=True):
            message.write({"res_model": "res.partner", "res_id": partner.id})
        self.assertFalse(self._get()["deferred"]["number"])
        self.endpoint.action_disable()
        deferred = self._get()["deferred"]
        self.assertEqual((deferred["number"], deferred["orders"], deferred["at_least"]), (3, 2, False))
        self.assertIn("200", deferred["value"])
        self.assertIn("disabled", deferred["endpoints"][0]["reason"])
        self.assertEqual(self._open("deferred"), messages.sorted("id", reverse=True))
        row = next(row for row in self._get()["flows"] if row["id"] == self.outbound.id)
        self.assertEqual(row["health_label"], "Held back")

    def test_deferred_in_two_currencies(self):
        """X4: what companies of two currencies hold back is told in the user's, at the rate of the day."""
        dollars = self.company.currency_id
        rates = [
            Command.create({"name": name, "rate": rate, "company_id": False})
            for name, rate in (("2000-01-01", 9.0), (fields.Date.today(), 4.0 * dollars.rate))
        ]
        foreign = self.env["res.currency"].create({"name": "XTS", "symbol": "x", "rate_ids": rates})
        abroad = self.env["res.company"].create({"name": "Abroad", "currency_id": foreign.id})
        companies = self.company | abroad
        operator = self.people["operator"]
        operator.company_ids = companies
        partners = self.env["res.partner"].create(
            [{"name": company.name, "company_id": company.id} for company in companies]
        )
        messages = self._make_past(self.outbound, ["pending", "pending"])
        for message, partner in zip(messages, partners, strict=True):
            message.write({"res_model": "res.partner", "res_id": partner.id})
        self.endpoint.action_disable()
        self.env.flush_all()
        dashboard = self.env["dist.dashboard"].with_user(operator)
        for company, value in ((self.company, 125.0), (abroad, 500.0)):
            ids = [company.id, *(companies - company).ids]
            deferred = dashboard.with_context(allowed_company_ids=ids).get_figures()["deferred"]
            self.assertEqual((deferred["orders"], deferred["value"]), (2, company.currency_id.format(value)))
        exception = self._open_exception(messages[0])
        messages.exception_id = exception
        exception._update_impact()
        self.assertEqual(
            (exception.impact_orders, exception.impact_text), (2, f"2 orders, {dollars.format(125)}")
        )

    def test_exceptions(self):
        """X4: exceptions by category, with age and due time, and when they were opened."""
        late = self._open_exception(self._make_message(self.inbound), category="mapping")
        self._open_exception(self._make_message(self.inbound), category="mapping")
        late.due_at = fields.Datetime.now() - timedelta(hours=1)
        figures = self._get()
        (row,) = figures["exceptions"]
        self.assertEqual(
            (row["category"], row["number"], row["overdue"], row["over_day"]), ("mapping", 2, 1, 0)
        )
        self.assertEqual(self._open("overdue", "mapping"), late)
        self.assertEqual(len(self._open("exceptions", "mapping")), 2)
        (trend,) = (row for row in figures["charts"]["exceptions"] if row["category"] == "mapping")
        self.assertEqual(len(trend["numbers"]), len(figures["charts"]["labels"]))
        index = len(trend["numbers"]) - 1
        opened = self._open("opened", "mapping", figures["charts"]["labels"][index])
        self.assertEqual(len(opened), trend["numbers"][index])

    def test_other_company(self):
        """X4: a person sees the figures of the companies that are switched on, and of no other."""
        company = self.env["res.company"].create({"name": "Other"})
        system, _client, _key = self._make_system("Elsewhere", company_id=company.id)
        endpoint = self._make_endpoint(system, "http://127.0.0.1:9/hook")
        flow = self._make_flow(system, "partner.changed", endpoint_id=endpoint.id)
        before = self._get()
        self._make_past(flow, ["done", "dead", "pending"])
        self._open_exception(self._make_message(flow))
        endpoint.action_disable()
        after = self._get()
        for name in ("summary", "deferred", "exceptions"):
            ignored = {"oldest_seconds"}
            if name == "summary":
                self.assertEqual(
                    {k: v for k, v in before[name].items() if k not in ignored},
                    {k: v for k, v in after[name].items() if k not in ignored},
                )
            else:
                self.assertEqual(before[name], after[name])
        self.assertNotIn(flow.id, [row["id"] for row in after["flows"]])
        self.people["operator"].company_ids |= company
        both = self.env["dist.dashboard"].with_user(self.people["operator"])
        figures = both.with_context(allowed_company_ids=[company.id]).get_figures()
        self.assertEqual((figures["summary"]["messages"], figures["summary"]["dead"]), (3, 2))
        with self.assertRaises(AccessError):
            self.env["dist.dashboard"].with_user(self.people["manager"]).with_context(
                allowed_company_ids=[company.id]
            ).get_figures()

    def test_who_may(self):
        """X4: operators, managers and auditors look at it; nobody else."""
        for group in ("operator", "manager", "auditor"):
            self.assertIn("summary", self._get(group))
            self.assertIsNotNone(self._open("messages", user=group))
        for group in ("user", "service"):
            with self.assertRaises(AccessError):
                self._get(group)
            with self.assertRaises(AccessError):
                self._open("messages", user=group)

    def test_nonsense(self):
        for period in ("", "year", None):
            with self.assertRaises(UserError):
                self._get(period=period)
        for call in (
            *(("",), ("figures",), (None,), ("__class__",)),
            *(
                ("messages", "x"),
                ("messages", [1]),
                ("deferred", "x"),
                ("flow", None),
                ("flow_exceptions", {}),
            ),
            *(("exceptions", "x"), ("overdue", ["mapping"]), ("opened", 7)),
            *(("messages", None, "bad"), ("messages", None, "2026-01-01", "bad"), ("messages", None, 5)),
        ):
            with self.subTest(call=call), self.assertRaises(UserError):
                self._open(*call)

    def test_periods(self):
        """X4: columns begin with the user's day, and cover the whole period."""
        self.people["operator"].tz = "America/New_York"
        for period, columns in (("hour", 13), ("day", 25), ("week", 29), ("month", 31)):
            figures = self._get(period=period)
            charts = figures["charts"]
            self.assertEqual(len(charts["labels"]), columns, period)
            self.assertEqual(len(charts["success"]), columns)
            self.assertEqual(charts["labels"][0], figures["start"])
        offset = self.env["dist.dashboard"].with_user(self.people["operator"])._get_offset()
        first = fields.Datetime.from_string(charts["labels"][0]) + timedelta(seconds=offset)
        self.assertEqual((first.hour, first.minute), (0, 0))

    def test_empty(self):
        """X4: before anything is connected the screen says what to do."""
        company = self.env["res.company"].create({"name": "New"})
        self.people["operator"].company_ids |= company
        dashboard = self.env["dist.dashboard"].with_user(self.people["operator"])
        figures = dashboard.with_context(allowed_company_ids=[company.id]).get_figures()
        self.assertTrue(figures["empty"])
        self.assertEqual(figures["summary"]["share"], None)


@tagged("post_install", "-at_install")
class TestDashboardScreen(DashboardMixin, DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect()
        cls.people["operator"].password = "dist-test-operator"

    def test_screen(self):
        """X4: the screen draws its figures and charts, and a figure opens its records."""
        self._make_past(self.outbound, ["done"] * 3 + ["dead"], seconds=0.2)
        self.env.flush_all()
        url = "/web#action=dist_integration_base.action_dist_dashboard"  # 17-only
        # 19-only: url = "/odoo/action-dist_integration_base.action_dist_dashboard"
        self.browser_js(
            url,
            SCREEN,
            ready="!!document.body",
            login=self.people["operator"].login,
            timeout=180,
        )
