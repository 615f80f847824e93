"""What tests of the suite's addons share."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import HttpCase, TransactionCase, get_db_name, new_test_user
from odoo.tests.common import BaseCase

from odoo.addons.base.models import res_users

# the buttons that lead a new flow to a state
STEPS = {
    "draft": [],
    "approved": ["action_approve"],
    "active": ["action_approve", "action_activate"],
    "deprecated": ["action_approve", "action_activate", "action_deprecate"],
    "retired": ["action_approve", "action_activate", "action_retire"],
}


def make_flow(env, system, code, state="active", **values):
    """Make a flow and lead it through its lifecycle.

    :param code: code of a message type
    :return: dist.flow
    """
    message_type = env["dist.message.type"]._get_by_code(code)
    flow = env["dist.flow"].create({"system_id": system.id, "message_type_id": message_type.id, **values})
    for action in STEPS[state]:
        getattr(flow, action)()
    flow.flush_recordset()  # other cursors of a test look into the database
    return flow


def remove_flow(flow):
    """Delete a flow the only way there is: it is retired, then a draft again."""
    flow.action_retire()
    flow.action_back_to_draft()
    flow.unlink()


class DistMixin:
    """A system with a client, and shortcuts to connect it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # people of tests are many: nobody guesses at their passwords, and no invitation is written to them
        cls.startClassPatcher(patch.object(res_users, "MIN_ROUNDS", 1))
        cls.env = cls.env(context={**cls.env.context, "no_reset_password": True})

    @classmethod
    def _make_system(cls, name="Shop", scopes=(), message_types=(), **values):
        """:return: (dist.system, dist.api.client, key)"""
        env = cls.env
        system = env["dist.system"].create(
            {"name": name, "code": name.lower().replace(" ", "-"), "state": "active", **values}
        )
        client = env["dist.api.client"].create(
            {
                "name": f"{name} client",
                "system_id": system.id,
                "rate_per_minute": 0,
                "scope_ids": [(6, 0, env["dist.api.scope"].search([("code", "in", list(scopes))]).ids)],
            }
        )
        for code in message_types:
            cls._make_flow(system, code)
        return system, client, client._generate_key()

    @classmethod
    def _make_flow(cls, system, code, state="active", **values):
        return make_flow(cls.env, system, code, state, **values)

    @classmethod
    def _make_endpoint(cls, system, url, **values):
        return cls.env["dist.endpoint"].create(
            {
                "name": f"{system.name} webhook",
                "system_id": system.id,
                "url": url,
                "allowed_networks": "127.0.0.0/8",
                **values,
            }
        )

    def _assert_told(self, records, action, user=None):
        """The audit trail tells what a person did with each of these records.

        :return: dist.audit.entry
        """
        self.env.flush_all()
        user = user or self.env.user
        domain = [("action", "=", action), ("user_id", "=", user.id), ("res_model", "=", records._name)]
        told = self.env["dist.audit.entry"].search([*domain, ("res_id", "in", records.ids)])
        self.assertEqual(set(told.mapped("res_id")), set(records.ids), f"{action} is not told")
        return told

    def _drain(self, endpoint, times=1):
        """Deliver what waits for an endpoint, as its job would."""
        self.env.flush_all()
        for lane in range(endpoint.lanes):
            for criticality in ("critical", "normal", "bulk"):
                for _time in range(times):
                    endpoint._job_drain(criticality, lane)
        self.env.invalidate_all()

    def _commit_events(self):
        """Run what runs before a commit: the outbox is written."""
        self._flush_events()
        self.env.cr._dist_transaction_state = None

    def _flush_events(self):
        """Run what runs before a savepoint: the outbox is written, the transaction goes on."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    @classmethod
    def _start_process(cls, xml_id):
        """:return: dist.process, under way since before the test's records"""
        process = cls.env.ref(xml_id)
        if process.state != "running":
            process.action_start()
        # records of a test are as old as its transaction
        process.started_at -= timedelta(hours=1)
        return process

    def _update_milestones(self):
        """Do what the scheduled job does."""
        self.env.flush_all()
        self.env["dist.milestone"]._cron_update()
        self.env.invalidate_all()

    def _check_breaches(self, rule, expected):
        """:param expected: dict, (company id, scope id) to hours"""
        self.env.flush_all()
        found = rule._get_breaches()
        self.assertEqual(set(found), set(expected))
        for key, hours in expected.items():
            self.assertAlmostEqual(found[key], hours, delta=0.1)

    def _check_seen_only_in(self, company, *recordsets):
        """Operators of another company see all of these records, those of this one see none."""
        here = new_test_user(self.env, "here", groups="dist_integration_base.group_dist_operator")
        there = new_test_user(
            self.env,
            "there",
            groups="dist_integration_base.group_dist_operator",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for records in recordsets:
            for user, expected in ((here, records.browse()), (there, records)):
                found = self.env[records._name].with_user(user).search([("id", "in", records.ids)])
                self.assertEqual(set(found.ids), set(expected.ids))


class DemoMixin:
    """A demo file that fails is only a warning, so its records are looked for: by a class that names its addon."""

    addon = None

    def setUp(self):
        super().setUp()
        if not self.env["ir.module.module"].search([("name", "=", self.addon)]).demo:
            self.skipTest("installed without demonstration data")

    def record(self, name):
        return self.env.ref(f"{self.addon}.{name}")


class DistCase(DistMixin, TransactionCase):
    """For rules. Cursors opened by the code under test share the test's transaction."""

    def setUp(self):
        super().setUp()
        self._share_transaction()

    def _share_transaction(self):
        if hasattr(self, "registry_enter_test_mode"):  # from 18.0 on
            self.registry_enter_test_mode()
            return
        self.registry.enter_test_mode(self.env.cr)
        self.addCleanup(self.registry.leave_test_mode)


class RealTransactionCase(BaseCase):
    """For transactions beside each other; what a test leaves it removes itself."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())

    def _do(self, work, *arguments):
        """Do work in a transaction of its own, committed.

        :param work: callable that takes an environment
        :return: what work returns
        """
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            result = work(env, *arguments)
            env.flush_all()
            return result


class DistHttpCase(DistMixin, HttpCase):
    """For what partners see: calls of the API over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo's routing map looks here for the database; its own test runner sets it, pytest does not
        threading.current_thread().dbname = cls.env.cr.dbname

    def _call(self, method, path, body=None, key=None, **headers):
        """Call the API.

        :param body: JSON value, or bytes as they are; an iterator of bytes is sent without saying how long it is
        :param headers: underscores stand for dashes
        :return: requests' response
        """
        data = body if isinstance(body, bytes | Iterator | None) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} if data is not None else {}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        self.env.flush_all()
        response = self.opener.request(
            method,
            f"{self.base_url()}/dist/v1{path}",
            data=data,
            headers=sent,
            timeout=60,
            allow_redirects=False,
        )
        self.env.invalidate_all()
        return response


class Receiver:
    """A partner's web server that notes what it gets and answers as told.

    :ivar calls: list of (headers, body)
    :ivar answers: statuses, or (status, headers), given in turn; 200 when used up
    :ivar text: body of every answer
    """

    def __init__(self):
        self.calls = []
        self.answers = []
        self.text = b'{"seen": true}'
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.calls.append((dict(self.headers), body))
                answer = receiver.answers.pop(0) if receiver.answers else 200
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                text = receiver.text
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_OPTIONS = do_POST

            def log_message(self, *_arguments):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
