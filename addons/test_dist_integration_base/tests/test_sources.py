import json
import os
from datetime import timedelta
from types import SimpleNamespace

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.delivery import Poll
from odoo.addons.dist_integration_base.lib.transports import Batch, HttpSettings, Item
from odoo.addons.dist_integration_base.lib.transports.amqp import _to_item
from odoo.addons.dist_integration_base.tests.common import DistCase
from odoo.addons.dist_integration_base.tests.folders import FolderMixin

from .people import PeopleMixin


def _receive(name, message_id=None, key="partners"):
    """:return: lib Item, as a message of RabbitMQ becomes one"""
    properties = SimpleNamespace(headers={b"\xe4": "x"}, message_id=message_id, type="partner.submit")
    body = json.dumps({"external_id": name, "name": name}).encode()
    return _to_item(SimpleNamespace(routing_key=key), properties, body)


@tagged("post_install", "-at_install")
class TestSources(PeopleMixin, FolderMixin, DistCase):
    """Inbound by files; queues and feeds take the same path behind their source."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, cls.client, _key = cls._make_system("Supplier")

    def setUp(self):
        super().setUp()
        self.base = self._open_base()
        self.endpoint, self.path = self._make_folder_endpoint(
            self.system, self.base, "in", purpose="receive", client_id=self.client.id
        )
        self.flow = self._make_flow(self.system, "partner.submit", endpoint_id=self.endpoint.id)

    def _put(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (self.path / name).write_text(text)

    def _poll(self):
        self.env.flush_all()
        self.endpoint._job_poll()
        self.env.invalidate_all()
        return self._get_messages()

    def _get_messages(self):
        return self.env["dist.message"].search(
            [("endpoint_id", "=", self.endpoint.id), ("parent_id", "=", False)], order="id"
        )

    def _process(self):
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()

    def _names(self, folder=""):
        return sorted(path.name for path in (self.path / folder).iterdir() if path.is_file())

    def _get_exception(self):
        return self.env["dist.exception"].search([("endpoint_id", "=", self.endpoint.id)])

    def test_file(self):
        """M9: a file becomes a message, in the name of the client's service user; then it is archived."""
        self._put("P1.json", {"external_id": "P-1", "name": "Nordwind"})
        message = self._poll()
        self.assertEqual((message.state, message.source_name), ("pending", "P1.json"))
        self.assertEqual(message._get_raw(), b'{"external_id": "P-1", "name": "Nordwind"}')
        self.assertEqual(self._names(), [])
        self.assertEqual(len(self._names("archive")), 1)
        self._process()
        partner = self.env["res.partner"].search([("name", "=", "Nordwind")])
        self.assertEqual((message.state, message.business_key), ("done", "P-1"))
        self.assertEqual(partner.create_uid, self.client.user_id)
        self.assertEqual(self.endpoint.taken_count, 1)
        self.assertTrue(self.endpoint.last_poll_at)

    def test_same_file_again(self):
        """M5, M7: a file that was stored and not archived is recognised."""
        self._put("P1.json", {"external_id": "P-1", "name": "Nordwind"})
        self._poll()
        (archived,) = self._names("archive")
        (self.path / "archive" / archived).rename(self.path / "work" / "P1.json")
        self.assertEqual(len(self._poll()), 1)
        self.assertEqual(self._names("work"), [])

    def test_lines(self):
        """M9: a file of lines is one message that holds an item for each, with errors of their own."""
        self.flow.content_format = "jsonl"
        lines = [{"external_id": f"L{number}", "name": f"Line {number}"} for number in range(3)]
        lines[1]["name"] = "Blocked"
        self._put("lines.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n")
        message = self._poll()
        self._process()
        self.assertEqual((message.state, len(message.child_ids)), ("done", 3))
        self.assertEqual(message.child_ids.sorted("item_index").mapped("state"), ["done", "dead", "done"])
        self.assertEqual(self.env["res.partner"].search_count([("name", "like", "Line %")]), 2)

    def test_csv(self):
        """M9: rows of a CSV file go through the flow's mapping."""
        mapping = self.env["dist.mapping"].create(
            {
                "name": "CSV",
                "system_id": self.system.id,
                "message_type_id": self.flow.message_type_id.id,
                "row_ids": [
                    (0, 0, {"target": "external_id", "source": "Nr", "required": True}),
                    (0, 0, {"target": "name", "source": '"Firma, Name"', "required": True}),
                ],
            }
        )
        mapping.action_approve()
        self.flow.write({"content_format": "csv", "mapping_id": mapping.id})
        self._put("rows.csv", '\ufeffNr;"Firma, Name"\r\n1;"Nord; ""wind"""\r\n2;"Zwei\nZeilen"\r\n')
        message = self._poll()
        self._process()
        self.assertEqual(set(message.child_ids.mapped("state")), {"done"}, message.child_ids.mapped("error"))
        names = message.child_ids.sorted("item_index").mapped(
            lambda item: self.env["res.partner"].browse(item.res_id).name
        )
        self.assertEqual(names[0], 'Nord; "wind"')

    def test_unreadable(self):
        """X1, M7: what cannot be read is stored, archived and put before a person."""
        for number, (content_format, text) in enumerate(
            (
                ("json", "{"),
                ("jsonl", '{"external_id": "1", "name": "A"}\n{'),
                ("jsonl", "\n"),
                ("csv", "a;b\n1\n"),
                ("csv", "a;a\n1;2\n"),
            )
        ):
            self.flow.content_format = content_format
            self._put(f"bad{number}", text)
            message = self._poll()[-1]
            self._process()
            self.assertEqual((message.state, message.exception_id.category), ("dead", "decode"), text)
            self.assertFalse(message.child_ids)
        self.assertEqual(len(self._names("archive")), 5)

    def test_refused(self):
        """M7: whoever left a file reads no answer, so that what is refused stands before a person."""
        self._put("P1.json", {"external_id": "P-1", "name": "Turned away"})
        message = self._poll()
        self._process()
        self.assertEqual((message.state, message.exception_id.code), ("dead", "turned_away"))

    def test_too_large(self):
        """M9: a file that is too large goes to the folder for errors, before a person, once for all of them."""
        self.endpoint.max_megabytes = 1
        for number in range(2):
            self._put(f"large{number}.json", "x" * 1_000_001)
        self._put("fine.json", {"external_id": "P-1", "name": "Fine"})
        self.assertEqual(self._poll().source_name, "fine.json")
        self.assertEqual(len(self._names("error")), 2)
        exception = self._get_exception()
        self.assertEqual((len(exception), exception.code), (1, "source_refused"))
        self.assertIn("large1.json", exception.detail)
        exception.action_mark_handled()
        self.assertEqual(exception.state, "resolved")

    def test_name_that_is_no_text(self):
        """M9, M7: a name that is not UTF-8 is put aside, named so that it can be read; the other files go on."""
        for name in (b"order-\xe4.json", b"order-\n.json"):
            path = os.path.join(os.fsencode(self.path), name)
            with open(path, "w") as file:
                file.write("{}")
        self._put("P1.json", {"external_id": "P-1", "name": "Nordwind"})
        self.assertEqual(self._poll().source_name, "P1.json")
        self.assertEqual(len(self._names("error")), 2)
        exception = self._get_exception()
        self.assertEqual((len(exception), exception.code), (1, "source_refused"))
        self.assertIn("order-\\xe4.json", exception.detail)
        self.assertIn("order-\\n.json", exception.detail)

    def test_claimed_for_a_flow_that_is_gone(self):
        """M7: a file that a killed worker had claimed and that nobody takes now is told of; the others go on."""
        self._poll()
        (self.path / "work" / "OLD.csv").write_text("a;b")
        self.flow.source_pattern = "*.json"
        self._put("P1.json", {"external_id": "P-1", "name": "Nordwind"})
        self.assertEqual(self._poll().source_name, "P1.json")
        exception = self._get_exception()
        self.assertEqual((exception.code, self._names("work")), ("source_failed", ["OLD.csv"]))
        self.assertIn("work/OLD.csv", exception.detail)
        self.flow.source_pattern = False
        self.assertEqual(len(self._poll()), 2)
        self.assertEqual((exception.state, self._names("work")), ("resolved", []))

    def test_flow_by_file_name(self):
        """M9: the flow's choice of files decides the type; what nobody takes stays where it is."""
        self.flow.source_pattern = "PARTNER*.json"
        self._put("PARTNER1.json", {"external_id": "P-1", "name": "A"})
        self._put("OTHER.json", {})
        self.assertEqual(self._poll().source_name, "PARTNER1.json")
        self.assertEqual(self._names(), ["OTHER.json"])

    def test_failure_and_recovery(self):
        """X1, M7: a source that fails is one exception for the technical owner, and closes by itself."""
        self.system.technical_owner_id = self.env.ref("base.user_admin")
        self.path.rename(self.base / "gone")
        for _time in range(2):
            self._poll()
        exception = self._get_exception()
        self.assertEqual((len(exception), exception.state, exception.category), (1, "open", "delivery"))
        self.assertEqual(exception.assignee_id, self.system.technical_owner_id)
        self.assertTrue(self.endpoint.last_error)
        self.assertTrue(self.endpoint.failing_since)
        (self.base / "gone").rename(self.path)
        self._poll()
        self.assertEqual((exception.state, self.endpoint.last_error), ("resolved", False))

    def test_without_a_flow(self):
        """X1: an endpoint that nobody takes anything from says so."""
        self.flow.state = "retired"
        self._put("P1.json", {})
        self._poll()
        self.assertIn("No active inbound flow", self._get_exception().detail)
        self.assertEqual(self._names(), ["P1.json"])

    def test_due_by_interval(self):
        """M9: one job per endpoint, at its interval; none for what is disabled, blocked or under way."""

        def enqueued():
            self.env.flush_all()
            self.env["dist.endpoint"]._cron_poll()
            key = f"dist-poll:{self.endpoint.id}"
            return self.env["queue.job"].search([("identity_key", "=", key)])

        self.assertEqual(len(enqueued()), 1)
        self.assertEqual(len(enqueued()), 1, "one that waits already is enough")
        enqueued().state = "done"
        self._poll()
        self.assertEqual(len(enqueued()), 1, "not due yet")
        self.endpoint.status_ids.next_poll_at = fields.Datetime.now() - timedelta(seconds=1)
        self.system.action_suspend()
        self.assertEqual(len(enqueued()), 1)
        self.system.action_activate()
        self.assertEqual(len(enqueued()), 2)

    def test_production_is_not_fetched_from_a_copy(self):
        """G9: what is made for production is not fetched from another environment."""
        self.system.environment = "production"
        self._put("P1.json", {"external_id": "P-1", "name": "A"})
        self.assertFalse(self._poll())
        self.assertEqual(self._names(), ["P1.json"])
        with self.assertRaises(UserError):
            self.endpoint.action_poll()

    def test_id_that_comes_with_another_content(self):
        """M5, M7: an id used for two messages: the second is kept for a person and has no effect."""
        self.env.flush_all()
        poll = Poll(self.env.registry, self.endpoint.id)
        poll._read()
        first = json.dumps({"external_id": "A", "name": "First"}).encode()
        second = json.dumps({"external_id": "A", "name": "Second"}).encode()
        for body in (first, second, second, first):
            poll._store(Batch([Item("msg-1", "queue", body)]))
        self.env.invalidate_all()
        messages = self._get_messages()
        self.assertEqual(messages.mapped("state"), ["pending", "dead"])
        self.assertEqual(messages[1].error_code, "idempotency_key_reused")
        self.assertTrue(messages[1].exception_id)

    def _store(self, *batches):
        """Store lists of items as a worker does; return the notes of the endpoint's messages."""
        self.env.flush_all()
        poll = Poll(self.env.registry, self.endpoint.id)
        poll._read()
        for items in batches:
            poll._store(Batch(items))
        self.env.invalidate_all()
        return [json.loads(message._get_raw())["name"] for message in self._get_messages()]

    def test_feed_changes_back(self):
        """M9, M5: a record of a feed that goes from A to B and back to A ends with A; the same again is known."""
        source = HttpSettings("https://shop.example/feed").open_source({})

        def page(*names, number=1):
            return source._get_items({"items": [{"id": number, "name": name} for name in names]})

        # each page is read twice, as after a crash or without entity tags
        pages = [page(name) + page("X", number=2) for name in "AABBAA"]
        self.assertEqual("".join(self._store(*pages)), "AXBA")
        # a log that holds every change is known as a whole, up to what is new
        self.assertEqual("".join(self._store(page(*"ABAB"), page(*"ABABAC"), page(*"BAC"))), "AXBABAC")
        # what has no id is no state of one record
        source = HttpSettings("https://shop.example/feed", item_id="none").open_source({})
        page = page("N", "M")
        self.assertEqual("".join(self._store(page, page)), "AXBABACNM")

    def test_feed_item_that_cannot_be_stored(self):
        """M9, M7: an item with a text that no database takes is before a person; the others of its page go on."""
        source = HttpSettings("https://shop.example/feed", item_id="external_id").open_source({})
        items = [
            {"external_id": key, "name": name} for key, name in (("B\0", "\0"), ("C", "\ud800"), ("D", "D"))
        ]
        body = json.dumps({"items": items}).encode()
        page = source._get_items(source._read(SimpleNamespace(body_excerpt=body)))
        self.assertEqual(self._store(page, page), ["\0", "\ud800", "D"])
        self._process()
        messages = self._get_messages()
        self.assertEqual(messages.mapped("state"), ["dead", "dead", "done"])
        self.assertEqual(messages[:2].exception_id.mapped("category"), ["decode", "decode"])
        self.assertIn("half of a surrogate pair", messages[1].error)

    def test_whole_page_changes_back(self):
        """M9: so does a feed whose page is one message."""
        source = HttpSettings("https://shop.example/feed", items="", item_id="").open_source({})
        pages = [source._get_items({"name": name}) for name in "AABAA"]
        self.assertEqual("".join(self._store(*pages)), "ABA")

    def test_queue_changes_back(self):
        """M3, M5: messages of a queue without ids: A, B, A ends with A; what comes again unsettled is known."""

        batch = [_receive("A"), _receive("B"), _receive("I", "msg-1"), _receive("A"), _receive("A")]
        self.assertEqual("".join(self._store(batch, batch, [_receive("B")])), "ABIAB")

    def test_queue_with_names_that_are_no_text(self):
        """M3, M7: an id or key that no database takes does not hold up the queue; the message is known again."""
        batch = [
            _receive("A", "a\0b"),
            _receive("B", b"\xff\0", key=b"\xe4"),
            _receive("C", "msg-3", key="x\0"),
        ]
        self.assertEqual("".join(self._store(batch, batch)), "ABC")
        self.assertEqual(self._get_messages().mapped("source_name"), ["partners", "\\xe4", "x\\x00"])

    def test_type_of_an_event(self):
        """M3: where the partner names the type, the flow of that type takes it."""
        self.env.flush_all()
        poll = Poll(self.env.registry, self.endpoint.id)
        poll._read()
        for kind, taken in (
            ("partner.submit", True),
            ("com.supplier.partner.submit.v1", True),
            ("com.supplier.partner.submit", True),
            ("com.supplier.partner.removed.v1", False),
            ("", True),
        ):
            self.assertEqual(poll._is_wanted("x", kind), taken, kind)

    def test_button(self):
        """M9: Fetch now says what came, or why nothing can."""
        self._put("P1.json", {"external_id": "P-1", "name": "A"})
        self.env.flush_all()
        self.assertIn("1 new", self.endpoint.action_poll()["params"]["message"])
        self.assertEqual(self.endpoint.action_view_taken()["res_model"], "dist.message")
        self.assertIn("0 files", self.endpoint.action_test_connection()["params"]["message"])
        self.path.rename(self.base / "gone")
        with self.assertRaises(UserError):
            self.endpoint.action_poll()
        with self.assertRaises(AccessError):
            self.endpoint.with_user(self.people["operator"]).action_poll()

    def test_button_tells_of_both(self):
        """M9: what was taken in is told, also when one file could not be."""
        for name in ("P1.json", "future.json"):
            self._put(name, {"external_id": name, "name": "A"})
        later = fields.Datetime.now().timestamp() + 100_000
        os.utime(self.path / "future.json", (later, later))
        self.env.flush_all()
        with self.assertRaisesRegex(UserError, "(?s)1 new messages.*future.json"):
            self.endpoint.action_poll()

    def test_folders_that_files_must_not_go_to(self):
        """M9: a folder leads nowhere else, is no folder that is fetched from, and holds one kind of files; also
        when it is changed later.
        """
        manager = self.endpoint.with_user(self.people["manager"])
        for name in ("../../evil", "/tmp/evil", "a/../../b", "", False, ".", "work", "Work", "a\\..\\..\\b"):
            for field in ("archive_folder", "error_folder"):
                with self.assertRaises(ValidationError, msg=name), self.env.cr.savepoint():
                    manager.write({field: name})
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            manager.error_folder = "archive"
        manager.write({"archive_folder": "done/2026", "error_folder": "wrong"})
        self._put("P1.json", {"external_id": "P-1", "name": "A"})
        self._poll()
        self.assertEqual(len(self._names("done/2026")), 1)

    def test_directions_do_not_mix(self):
        """M9: what is fetched from is not sent to; Kafka is for sending only; somebody lends the name."""
        with self.assertRaises(ValidationError):
            self._make_flow(self.system, "partner.changed", endpoint_id=self.endpoint.id)
        with self.assertRaises(ValidationError):
            self.endpoint.purpose = "send"
        with self.assertRaises(ValidationError):
            self.endpoint.write({"transport": "kafka", "url": "broker:9092"})
        with self.assertRaises(ValidationError):
            self.endpoint.client_id = False
        with self.assertRaises(UserError):
            self.endpoint.action_send_test_event()

    def test_other_company(self):
        """G8: the client belongs to the system's company."""
        other = self.env["res.company"].create({"name": "Other"})
        _system, client, _key = self._make_system("Elsewhere", company_id=other.id)
        with self.assertRaises(UserError):
            self.endpoint.client_id = client
