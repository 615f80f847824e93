import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.models.transaction import start_shadow
from odoo.addons.dist_integration_base.tests.common import DistHttpCase, Receiver

from .people import PeopleMixin

SHADOW = "odoo.addons.dist_integration_base.models.dist_message_cutover"
# what a message in the shadow may write: itself, its attempt, its comparison
OWN_TABLES = (
    "dist_api_call",
    "dist_message",
    "dist_message_attempt",
    "dist_cutover_comparison",
    "dist_cutover_difference",
)


@tagged("post_install", "-at_install")
class TestCutover(PeopleMixin, DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, cls.client, cls.key = cls._make_system(
            scopes=["test:write", "cutover:report"], message_types=["partner.submit"]
        )
        cls.flow = cls.system.flow_ids
        cls.flow._set_stage("shadow", "test")
        cls.env["dist.code.map"].create(
            {
                "system_id": cls.system.id,
                "domain": "country",
                "external_code": "BE",
                "res_model": "res.country",
                "res_id": cls.env.ref("base.be").id,
            }
        )

    def _submit(self, name="Anna", external_id="A", key=None, **values):
        body = {"external_id": external_id, "name": name, **values}
        response = self._call("POST", "/test/partners", body, key or self.key)
        return response, self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])

    def _report(self, document, key="A", message_type="partner.submit", **options):
        body = {"message_type": message_type, "key": key, "document": document}
        return self._call("POST", "/cutover/references", body, options.pop("api_key", self.key), **options)

    def _make_counterpart(self, external_id="A", **values):
        return self.env["res.partner"].create({"name": "Anna", "company_registry": external_id, **values})

    def _get_comparison(self, message):
        return self.env["dist.cutover.comparison"].search([("message_id", "=", message.id)])

    def _count_rows(self):
        """:return: dict, table to number of rows"""
        self._flush_events()
        self.env.cr.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        counts = {}
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(f'SELECT count(*) FROM "{table}"')  # pylint: disable=sql-injection
            counts[table] = self.env.cr.fetchone()[0]
        return counts

    # shadow, inbound

    def test_shadow_leaves_nothing_behind(self):
        """G10: a message in the shadow is answered 202 and changes no table but its own three."""
        self._make_flow(
            self.system,
            "partner.changed",
            endpoint_id=self._make_endpoint(self.system, "http://127.0.0.1:9/h").id,
        )
        before = self._count_rows()
        response, message = self._submit("Check me", country="BE")
        self.assertEqual((response.status_code, response.json()["status"]), (202, "shadow"))
        after = self._count_rows()
        changed = {table for table in after if after[table] != before.get(table)}
        self.assertLessEqual(changed, set(OWN_TABLES))
        self.assertEqual((message.state, message.stage, message.res_id), ("done", "shadow", 0))
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Check me")]))
        self.assertFalse(self.env["dist.event"].search([("trace_id", "=", message.trace_id)]))
        self.assertFalse(message.exception_id)
        operation = self._call("GET", f"/operations/{message.uuid}", key=self.key).json()
        self.assertEqual((operation["status"], operation["answer"]["status"]), ("succeeded", "shadow"))

    def test_shadow_takes_no_number(self):
        """G10: a sequence gives its next number to the next real document."""
        sequence = self.env["ir.sequence"].create({"name": "S", "code": "test.shadow", "prefix": "S"})
        ranged = self.env["ir.sequence"].create({"name": "R", "code": "test.ranged", "use_date_range": True})
        ranged.next_by_id()
        self.env.invalidate_all()
        before = sequence.number_next_actual, ranged.date_range_ids.number_next_actual
        with self.env.registry.cursor() as cr:
            start_shadow(cr)
            env = self.env(cr=cr)
            given = [env["ir.sequence"].browse(sequence.id).next_by_id() for _time in range(2)]
            self.assertEqual(len(set(given)), 2, "two documents in the shadow do not get the same number")
            env["ir.sequence"].browse(ranged.id).next_by_id()
            cr.rollback()
        self.env.invalidate_all()
        self.assertEqual((sequence.number_next_actual, ranged.date_range_ids.number_next_actual), before)
        self.assertEqual(sequence.next_by_id(), given[0])

    def test_equal_and_different(self):
        """G10: the outcome is compared field by field with what the old interface made in Odoo."""
        self._make_counterpart(ref="N")
        _response, message = self._submit(note="N")
        comparison = self._get_comparison(message)
        self.assertEqual((comparison.state, comparison.reference_source), ("equal", "odoo"))
        self._make_counterpart("B", name="Bertha", ref="N")
        _response, message = self._submit("Berta", "B", note="M")
        comparison = self._get_comparison(message)
        self.assertEqual((comparison.state, comparison.difference_count), ("different", 2))
        lines = {line.path: (line.kind, line.ours, line.reference) for line in comparison.difference_ids}
        self.assertEqual(lines["name"], ("changed", "Berta", "Bertha"))
        self.assertEqual(lines["note"], ("changed", "***", "***"), "what the type hides is not shown")
        self.assertEqual(
            (self.flow.compared_count, self.flow.equal_count, self.flow.open_difference_count), (2, 1, 1)
        )

    def test_rules(self):
        """G10: fields passed over do not count, also when they are named later."""
        self._make_counterpart(name="Bertha")
        comparison = self._get_comparison(self._submit("Berta")[1])
        self.assertEqual(comparison.state, "different")
        self.flow.comparison_ignore = "name"
        comparison.with_user(self.people["operator"]).action_look_again()
        self.assertEqual((comparison.state, comparison.difference_ids.ids), ("equal", []))
        for name in ("comparison_tolerances", "comparison_keys"):
            with self.assertRaises(ValidationError):
                self.flow[name] = "nonsense"
        with self.assertRaises(ValidationError):
            self.flow.cutover_domain = "[nonsense"

    def test_counterpart_comes_later(self):
        """G10: what the old interface does a moment later is found by the sweep."""
        comparison = self._get_comparison(self._submit()[1])
        self.assertEqual(comparison.state, "waiting")
        counterpart = self._make_counterpart()
        self.env["dist.cutover.comparison"]._cron_compare()
        self.assertEqual((comparison.state, comparison.res_id), ("equal", counterpart.id))

    @mute_logger(SHADOW)
    def test_failures_are_shown(self):
        """G10: what would be refused, held or broken stands on the comparison, and opens no exception."""
        for name, code in (("Blocked", "blocked"), ("Ambiguous", "ambiguous_partner"), ("Broken", "technical"),
                           ("Refused by Odoo", "technical")):  # fmt: skip
            response, message = self._submit(name, name)
            self.assertEqual(response.status_code, 202, name)
            comparison = self._get_comparison(message)
            self.assertEqual((comparison.state, comparison.error_code), ("failed", code), name)
            self.assertFalse(message.exception_id)
        comparison = self._get_comparison(self._submit("X", "X", country="ZZ")[1])
        self.assertEqual((comparison.state, comparison.error_code), ("failed", "unknown_country"))
        self.assertEqual(self.flow.open_difference_count, 5)

    def test_unreadable_message(self):
        """G10: a message that does not fit its schema is refused in the shadow as ever; it is compared as one that
        would have failed, with what the old interface made of it, and opens no exception.
        """
        self._report({"name": "Anna"})
        response = self._call("POST", "/test/partners", {"external_id": "A"}, self.key)
        self.assertEqual((response.status_code, response.json()["code"]), (422, "invalid_message"))
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        comparison = self._get_comparison(message)
        self.assertEqual((comparison.state, comparison.error_code), ("failed", "invalid_message"))
        self.assertEqual((comparison.key, comparison.reference_source), ("A", "reported"))
        self.assertEqual((message.state, message.exception_id.ids), ("dead", []))
        self.assertEqual(self.flow.open_difference_count, 1)
        self._call("POST", "/test/partners", b"{", self.key)
        self.env.invalidate_all()
        self.assertEqual(self.flow.open_difference_count, 2)

    def test_bulk(self):
        """G10: each item of a bulk call is compared, and applied when the call comes again after the shadow."""
        items = [{"external_id": str(number), "name": "Anna"} for number in range(3)]
        for stage, status in ((None, 202), ("live", 200)):
            if stage:
                self.flow._set_stage(stage, "test")
            response = self._call("POST", "/test/partners/bulk", {"items": items}, self.key)
            self.assertEqual([item["status"] for item in response.json()["items"]], [status] * 3)
        self.assertEqual(
            self.env["dist.cutover.comparison"].search_count([("flow_id", "=", self.flow.id)]), 3
        )
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Anna")]), 3)

    # what the old interface reports

    def test_report(self):
        """G10: the old interface reports, before or after our message; the same report again changes nothing."""
        self.flow.comparison_keys = "lines[] = line"
        early = self._report({"name": "Anna"})
        self.assertEqual(
            (early.status_code, early.json()), (200, {"key": "A", "status": "unmatched", "differences": 0})
        )
        self.assertEqual(self._report({"name": "Anna"}).json()["status"], "unmatched")
        _response, message = self._submit()
        self.assertEqual(self._get_comparison(message).state, "equal")
        self.assertEqual(self._report({"name": "Anna"}).json()["status"], "equal")
        self.assertEqual(self.env["dist.cutover.comparison"].search_count([]), 1)
        self._submit("Berta", "B")
        late = self._report({"name": "Bertha"}, "B").json()
        self.assertEqual((late["status"], late["differences"]), ("different", 1))

    def test_report_refused(self):
        """G10: bad reports are refused in the caller's words."""
        self.assertEqual(self._report([]).status_code, 422)
        self.assertEqual(self._report({}, key="").status_code, 422)
        self.assertEqual(self._report({}, message_type="nonsense").json()["code"], "unknown_flow")
        self.client.scope_ids = False
        self.assertEqual(self._report({}).json()["code"], "scope_missing")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        _system, _client, key = self._make_system(
            "Elsewhere", scopes=["cutover:report"], message_types=["partner.submit"], company_id=other.id
        )
        self.assertEqual(self._report({}, api_key=key).json()["code"], "unknown_flow", "it runs live there")
        self.flow._set_stage("live", "test")

    # shadow, outbound

    def test_outbound_shadow(self):
        """G10: messages are built and kept, none leaves; they are compared with what the old interface sent."""
        with Receiver() as receiver:
            endpoint = self._make_endpoint(self.system, receiver.url)
            flow = self._make_flow(self.system, "partner.changed", endpoint_id=endpoint.id)
            flow._set_stage("shadow", "test")
            partners = self.env["res.partner"].create([{"name": "Anna"}, {"name": "Berta"}])
            partners._dist_emit("partner.changed")
            self._commit_events()
            self._drain(endpoint)
            self.assertFalse(receiver.calls)
            messages = self.env["dist.message"].search([("flow_id", "=", flow.id)], order="id")
            self.assertEqual(messages.mapped("state"), ["done", "done"])
            self.assertEqual(messages[0].summary, "Built, not sent")
            self._check_nothing_delivered(flow, messages)
            keys = messages.mapped("business_key")
            answer = self._report({"name": "Anna", "note": ""}, keys[0], "partner.changed").json()
            self.assertEqual(answer["status"], "equal")
            answer = self._report({"name": "Bertha", "note": ""}, keys[1], "partner.changed").json()
            self.assertEqual((answer["status"], answer["differences"]), ("different", 1))
            flow._set_stage("live", "agreed")
            partners[0]._dist_emit("partner.changed")
            self._commit_events()
            self._drain(endpoint)
            self.assertEqual(len(receiver.calls), 1, "only what is emitted from now on leaves")

    def _check_nothing_delivered(self, flow, messages):
        """In no figure what never left counts, neither before nor after it was counted."""
        for _time in range(2):
            query, params = self.env["dist.traffic"]._get_source()
            self.env.cr.execute(f"SELECT number FROM ({query}) AS traffic WHERE flow_id = {flow.id}", params)
            self.assertFalse(self.env.cr.fetchall())
            dashboard = self.env["dist.dashboard"].with_user(self.people["operator"])
            row = next(row for row in dashboard.get_figures()["flows"] if row["id"] == flow.id)
            self.assertEqual((row["messages"], row["attempts"], row["health_label"]), (0, 0, "In the shadow"))
            for figure in ("messages", "latency"):
                domain = dashboard.open_records(figure, "day", flow.id)["domain"]
                self.assertFalse(self.env["dist.message"].search(domain) & messages, figure)
            self.env["dist.traffic"]._cron_count()

    def test_never_sent_afterwards(self):
        """G10, M6: a replay does not send what was built in the shadow: the old interface did."""
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        flow = self._make_flow(self.system, "partner.changed", endpoint_id=endpoint.id)
        flow._set_stage("shadow", "test")
        self.env["res.partner"].create({"name": "Anna"})._dist_emit("partner.changed")
        self._commit_events()
        flow._set_stage("live", "agreed")
        replay = self.env["dist.replay"].create(
            {"reason": "lost", "with_done": True, "flow_ids": [(6, 0, flow.ids)]}
        )
        replay.action_preview()
        self.assertEqual((replay.item_ids.expected, replay.item_ids.refusal), ("refused", "shadow"))

    # coexistence

    def _coexist(self, **values):
        self.flow.write(values)
        self.flow._set_stage("coexist", "test")

    def test_what_the_other_did_is_recognised(self):
        """G10: in coexistence a document that the old interface made is bound, not doubled."""
        self._coexist()
        counterpart = self._make_counterpart(ref="of the old one")
        response, message = self._submit("Anna", note="N")
        self.assertEqual((response.status_code, response.json()["partner_id"]), (200, counterpart.id))
        self.assertEqual(counterpart.ref, "of the old one")
        self.assertEqual(self.env["dist.binding"]._find(self.system, "res.partner", "A"), counterpart)
        self.assertEqual(message.res_id, counterpart.id)
        self._submit("Anna", note="changed since")
        self.assertEqual(counterpart.ref, "changed since", "from then on it is an ordinary document of ours")
        response, _message = self._submit("New", "N")
        self.assertNotEqual(response.json()["partner_id"], counterpart.id)

    def test_records_left_to_the_other(self):
        """G10: a domain decides which records this interface handles; the others leave no trace of ours."""
        self._coexist(cutover_domain="[('country_id.code', '=', 'BE')]")
        response, message = self._submit("Dutch", "NL")
        self.assertEqual((response.status_code, response.json()["status"]), (202, "left_to_other"))
        self.assertEqual((message.state, message.summary), ("done", "Left to the old interface"))
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Dutch")]))
        self.assertFalse(self.env["dist.binding"].search([("external_id", "=", "NL")]))
        self.assertEqual(self._submit("Belgian", "BE", country="BE")[0].status_code, 200)

    def test_share_left_to_the_other(self):
        """G10: a share decides by the number of the document, the same way each time."""
        self._coexist(cutover_share=0)
        self.assertEqual(self._submit()[0].json()["status"], "left_to_other")
        self.flow.cutover_share = 100
        self.assertEqual(self._submit("Anna", "B")[0].status_code, 200)

    def test_bulk_in_coexistence(self):
        """G10: items of one call go each by its own interface."""
        self._coexist(cutover_domain="[('country_id.code', '=', 'BE')]")
        items = [
            {"external_id": "1", "name": "Dutch"},
            {"external_id": "2", "name": "Belgian", "country": "BE"},
        ]
        answers = self._call("POST", "/test/partners/bulk", {"items": items}, self.key).json()["items"]
        self.assertEqual([item["status"] for item in answers], [202, 200])

    def test_outbound_coexistence(self):
        """G10: each document leaves by one interface."""
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        flow = self._make_flow(
            self.system,
            "partner.changed",
            endpoint_id=endpoint.id,
            cutover_domain="[('country_id.code', '=', 'BE')]",
        )
        flow._set_stage("coexist", "test")
        belgium = self.env.ref("base.be").id
        partners = self.env["res.partner"].create(
            [{"name": "Anna"}, {"name": "Berta", "country_id": belgium}]
        )
        partners._dist_emit("partner.changed")
        self._commit_events()
        messages = self.env["dist.message"].search([("flow_id", "=", flow.id)])
        self.assertEqual(messages.mapped("res_id"), partners[1].ids)

    # stages

    def _switch(self, stage=None, reason=False, action="action_change_stage"):
        act = getattr(self.flow.with_user(self.people["manager"]), action)()
        wizard = self.env[act["res_model"]].with_user(self.people["manager"]).browse(act["res_id"])
        wizard.write({"reason": reason, **({"stage": stage} if stage else {})})
        return wizard

    def test_going_live(self):
        """G10: the report comes first; with open differences a reason is asked; all of it is in the chatter."""
        self._make_counterpart(name="Bertha")
        comparison = self._get_comparison(self._submit("Berta")[1])
        wizard = self._switch("live")
        self.assertEqual((wizard.compared_count, wizard.open_difference_count), (1, 1))
        self.assertEqual(
            [(line.pattern, line.count, line.ours, line.reference) for line in wizard.line_ids],
            [("name", 1, "Berta", "Bertha")],
        )
        with self.assertRaisesRegex(UserError, "Say why"):
            wizard.action_apply()
        wizard.reason = "The old one misspells names"
        wizard.action_apply()
        self.assertEqual((self.flow.stage, self.flow.previous_stage), ("live", "shadow"))
        note = self.flow.message_ids.filtered(lambda note: "misspells" in (note.body or ""))
        self.assertEqual(note.author_id, self.people["manager"].partner_id)
        entry = self.flow.history_ids.sorted("id")[-1]
        self.assertEqual((entry.kind, entry.from_value, entry.to_value), ("stage", "shadow", "live"))
        self.assertEqual(
            (entry.user_id, entry.reason), (self.people["manager"], "The old one misspells names")
        )
        self.assertEqual(comparison.state, "different")

    def test_explained_differences(self):
        """G10: an operator explains differences; then nothing stands against going live."""
        self._make_counterpart(name="Bertha")
        comparison = self._get_comparison(self._submit("Berta")[1])
        with self.assertRaises(AccessError):
            comparison.with_user(self.people["user"])._accept("no")
        wizard = self.env["dist.cutover.accept"].with_user(self.people["operator"])
        wizard.create({"comparison_ids": comparison.ids, "reason": "Misspelt"}).action_accept()
        self.assertEqual(comparison.accepted_by_id, self.people["operator"])
        told = self._assert_told(comparison, "explained", self.people["operator"])
        self.assertEqual(told.reason, "Misspelt")
        for forged in ({"is_accepted": False}, {"state": "equal"}, {"accept_reason": "x"}):
            with self.assertRaises(AccessError):
                comparison.with_user(self.people["operator"]).write(forged)
        self.assertEqual(self.flow.open_difference_count, 0)
        self._switch("live").action_apply()
        self.assertEqual(self.flow.stage, "live")

    def test_message_again_after_the_shadow(self):
        """G10, M5: what was only compared is applied when it comes again after the switch, once."""
        first, message = self._submit()
        self.assertEqual(first.json()["status"], "shadow")
        self.flow._set_stage("live", "test")
        again, same = self._submit()
        self.assertEqual((again.status_code, same, same.stage), (200, message, "live"))
        third, _message = self._submit()
        self.assertEqual(third.json(), again.json())
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Anna")]), 1)

    def test_stage_is_that_of_arrival(self):
        """G10: what came in the shadow is not applied because the flow went live before it was processed."""
        response = self._call(
            "POST", "/test/partners", {"external_id": "A", "name": "Anna"}, self.key, Prefer="respond-async"
        )
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        self.flow._set_stage("live", "test")
        self.env.flush_all()
        message._process([message.id])
        self.env.invalidate_all()
        self.assertEqual(json.loads(message.sudo().answer)["status"], "shadow")

    def test_rolling_back(self):
        """G10: back to the stage before, with a reason; what was exchanged since is listed until it is handled."""
        self._submit()
        self.flow._set_stage("live", "test")
        self.flow.stage_since = fields.Datetime.now() - timedelta(minutes=1)
        _response, since = self._submit("Berta", "B")
        wizard = self._switch(action="action_roll_back")
        self.assertEqual(wizard.since_count, 1)
        with self.assertRaisesRegex(UserError, "Say why"):
            wizard.action_apply()
        wizard.reason = "Orders are doubled"
        action = wizard.action_apply()
        self.assertEqual(self.env["dist.message"].search(action["domain"]), since)
        self.assertEqual((self.flow.stage, self.flow.to_handle_count), ("shadow", 1))
        self.assertTrue(self.flow.rolled_back_at)
        self.assertEqual(self._submit("Clara", "C")[0].json()["status"], "shadow")
        with self.assertRaises(AccessError):
            since.with_user(self.people["user"]).action_mark_rollback_handled()
        since.with_user(self.people["operator"]).action_mark_rollback_handled()
        self.assertEqual(
            (since.rollback_state, since.rollback_handled_by_id), ("handled", self.people["operator"])
        )
        self._assert_told(since, "overridden", self.people["operator"])
        stages = self._assert_told(self.flow, "changed", wizard.env.user)
        self.assertIn("Orders are doubled", stages.mapped("reason"))
        self.flow.invalidate_recordset()
        self.assertEqual(self.flow.to_handle_count, 0)
        with self.assertRaisesRegex(UserError, "no stage to return to"):
            self.flow._roll_back("again")

    def test_only_managers_cut_over(self):
        """G10: operators explain, managers switch; another company sees nothing of it."""
        with self.assertRaises(AccessError):
            self.flow.with_user(self.people["operator"]).action_change_stage()
        comparison = self._get_comparison(self._submit()[1])
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.people["manager"].copy(
            {"login": "stranger", "company_id": other.id, "company_ids": [(6, 0, other.ids)]}
        )
        found = self.env["dist.cutover.comparison"].with_user(stranger).with_company(other)
        self.assertFalse(found.search([("id", "=", comparison.id)]))

    def test_documents_are_masked(self):
        """G6, G10: what a type hides is hidden in the documents too."""
        comparison = self._get_comparison(self._submit(note="IBAN 4711")[1])
        for group in ("operator", "auditor", "manager"):
            view = comparison.with_user(self.people[group])
            self.assertNotIn("IBAN 4711", view.ours_view, group)
            with self.assertRaises(AccessError):
                view.read(["ours"])
