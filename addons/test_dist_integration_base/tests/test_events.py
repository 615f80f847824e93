import json

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.tests.common import DistCase

EVENT = "odoo.addons.dist_integration_base.models.dist_event"


@tagged("post_install", "-at_install")
class TestEvents(DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system, _client, _key = cls._make_system()
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.flow = cls._make_flow(cls.system, "partner.changed", endpoint_id=cls.endpoint.id)
        cls.partner = cls.env["res.partner"].create({"name": "First"})

    def _events(self):
        return self.env["dist.event"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", self.partner.id)]
        )

    def test_coalesced(self):
        """M1: one event per transaction, record and type, with the final state."""
        self.partner._dist_emit("partner.changed")
        self.partner.name = "Second"
        self.partner._dist_emit("partner.changed")
        self.assertFalse(self._events())
        self._commit_events()
        event = self._events()
        self.assertEqual(json.loads(event.payload)["name"], "Second")
        self.assertEqual((event.sequence, event.state), (1, "recorded"))
        self.assertEqual((event.message_ids.state, event.message_ids.flow_id), ("pending", self.flow))

    def test_numbered(self):
        """M1: a sequence per record without gaps."""
        for _time in range(3):
            self.partner._dist_emit("partner.changed")
            self._commit_events()
        self.assertEqual(sorted(self._events().mapped("sequence")), [1, 2, 3])

    def test_no_subscriber(self):
        """M1: nothing is written while nobody is subscribed; recorded on request."""
        self.flow.state = "retired"
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        self.assertFalse(self._events())
        self.flow.message_type_id.record_always = True
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        self.assertTrue(self._events())
        self.assertFalse(self._events().message_ids)

    def test_filter(self):
        """M1: a subscription may ask for some records only."""
        self.flow.filter_domain = "[('name', '=', 'Wanted')]"
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        self.assertFalse(self._events().message_ids)
        self.partner.name = "Wanted"
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        self.assertEqual(len(self._events().message_ids), 1)

    def test_undone(self):
        """M1: what a savepoint took back is not told."""
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.partner._dist_emit("partner.changed")
            raise ZeroDivisionError
        self._commit_events()
        self.assertFalse(self._events())
        self.partner._dist_emit("partner.changed")
        self.partner.active = False
        self._commit_events()
        self.assertFalse(self._events())

    @mute_logger(EVENT, "odoo.sql_db")
    def test_serializer_fails(self):
        """M1: a serializer that fails never blocks the business; the event waits in error."""
        others = self.env["res.partner"].create([{"name": "Unserializable"}, {"name": "Database error"}])
        (self.partner | others)._dist_emit("partner.changed")
        self._commit_events()
        self.assertEqual(self._events().state, "recorded")
        broken = self.env["dist.event"].search(
            [("res_id", "in", others.ids), ("res_model", "=", "res.partner")]
        )
        self.assertEqual(broken.mapped("state"), ["error", "error"])
        self.assertFalse(broken.message_ids)
        self.env["dist.event"]._open_missing_exceptions()
        self.env["dist.event"]._open_missing_exceptions()
        exceptions = self.env["dist.exception"].search([("code", "=", "serializer_failed")])
        self.assertEqual(len(exceptions), 2)
        others[0].name = "Repaired"
        exception = exceptions.filtered(lambda exception: exception.res_id == others[0].id)
        self.env.flush_all()
        exception.action_retry()
        self.env.invalidate_all()
        event = broken.filtered(lambda event: event.res_id == others[0].id)
        self.assertEqual((event.state, exception.state), ("recorded", "resolved"))
        self.assertEqual(event.message_ids.state, "pending")

    def test_deleted_record(self):
        partner = self.env["res.partner"].create({"name": "Short"})
        partner._dist_emit("partner.changed")
        partner.unlink()
        self._commit_events()
        self.assertFalse(
            self.env["dist.event"].search([("res_model", "=", "res.partner"), ("state", "=", "error")])
        )

    def test_two_subscribers(self):
        """M2: each subscriber gets a message of its own, with the event's id in the body."""
        other, _client, _key = self._make_system("Other")
        endpoint = self._make_endpoint(other, "http://127.0.0.1:9/other")
        self._make_flow(other, "partner.changed", endpoint_id=endpoint.id)
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        messages = self._events().message_ids
        self.assertEqual(len(set(messages.mapped("uuid"))), 2)
        bodies = {json.loads(message._get_wire_body())["id"] for message in messages}
        self.assertEqual(bodies, {self._events().uuid})

    def test_written_twice(self):
        """M1, M10: a savepoint writes the outbox early; a later emission brings the same event up to date."""
        self.partner._dist_emit("partner.changed")
        self._flush_events()
        first = self._events()
        self.partner.name = "Later"
        self.partner._dist_emit("partner.changed")
        other = self.env["res.partner"].create({"name": "Other"})
        other._dist_emit("partner.changed")
        self._commit_events()
        event = self._events()
        self.assertEqual((event, event.sequence), (first, 1))
        event.invalidate_recordset()
        self.assertEqual(json.loads(event.payload)["name"], "Later")
        self.assertEqual(len(event.message_ids), 1)
        beside = self.env["dist.event"].search([("res_id", "=", other.id), ("res_model", "=", "res.partner")])
        self.assertEqual(beside.trace_id, event.trace_id)

    def test_undone_after_it_was_written(self):
        """M1: what is undone later in the transaction is not told."""
        self.partner._dist_emit("partner.changed")
        self._flush_events()
        self.partner.active = False
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        self.assertFalse(self._events().message_ids)

    @mute_logger(EVENT)
    def test_filter_that_cannot_be_applied(self):
        """M1: a wrong filter neither stops the business nor loses the message: it waits for a person."""
        self.flow.filter_domain = "[('nonsense', '=', 1)]"
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        message = self._events().message_ids
        self.assertEqual((message.state, message.error_code), ("error", "invalid_filter"))
        self.env["dist.event"]._open_missing_exceptions()
        self.env.invalidate_all()
        self.assertEqual(message.exception_id.state, "open")

    def test_payload_does_not_depend_on_the_screen(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        partner = self.partner.with_context(lang="fr_FR", active_test=False)
        partner._dist_emit("partner.changed")
        self._commit_events()
        self.assertEqual(self._events().state, "recorded")
