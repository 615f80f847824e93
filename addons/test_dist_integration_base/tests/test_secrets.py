import json
import logging

from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistHttpCase, Receiver

from .people import PeopleMixin


class _Records(logging.Handler):
    """Keeps what is logged, by whatever logger at whatever level."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.texts = []

    def emit(self, record):
        self.texts.append(f"{record.getMessage()} {record.exc_info or ''}")


@tagged("post_install", "-at_install")
class TestSecrets(PeopleMixin, DistHttpCase):
    """G7, G8: after a secret has been made, used and replaced, its text is found nowhere."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, cls.client, cls.key = cls._make_system(
            scopes=["test:write", "test:read"], message_types=["partner.submit"]
        )
        cls.signing = cls.env["dist.credential"].create({"name": "Webhooks", "system_id": cls.system.id})
        cls.former = cls.signing._generate()
        cls.current = cls.signing._generate()
        cls.token = cls.env["dist.credential"].create(
            {
                "name": "Token",
                "system_id": cls.system.id,
                "kind": "token",
                "secret": "tok_9f1c2b7a-not-to-be-seen",
            }
        )
        cls.secrets = (cls.key, cls.former, cls.current, "tok_9f1c2b7a-not-to-be-seen")

    def _use_them(self, receiver):
        """Call with the key, deliver with the secret, fail both ways."""
        endpoint = self._make_endpoint(
            self.system,
            receiver.url,
            signing_credential_id=self.signing.id,
            auth_type="bearer",
            credential_id=self.token.id,
        )
        self._make_flow(self.system, "partner.changed", endpoint_id=endpoint.id)
        for body in ({"external_id": "A", "name": "Anna"}, {"external_id": "B", "name": "Blocked"}, b"{"):
            self._call("POST", "/test/partners", body, self.key)
        self._call("GET", "/test/partners", key=self.key + "x")
        receiver.answers = [500]
        self._drain(endpoint, times=2)
        self.assertTrue(receiver.calls)
        self.assertIn(f"Bearer {self.secrets[3]}", receiver.calls[0][0].values())
        return endpoint

    def _assert_absent(self, text, where):
        for secret in self.secrets:
            self.assertNotIn(secret, text, where)
            self.assertNotIn(secret.partition("_")[2], text, where)

    def test_not_in_logs(self):
        """G7: nothing that is logged holds a key or secret, not even at the lowest level."""
        records, root = _Records(), logging.getLogger()
        level = root.level
        root.addHandler(records)
        root.setLevel(logging.DEBUG)
        try:
            with Receiver() as receiver:
                self._use_them(receiver)
        finally:
            root.setLevel(level)
            root.removeHandler(records)
        self.assertTrue(records.texts)
        self._assert_absent("\n".join(records.texts), "logs")

    def test_not_in_the_database(self):
        """G7: no row of any table holds one: no job, message, attempt, mail, setting or log."""
        with Receiver() as receiver:
            self._use_them(receiver)
        self.env.flush_all()
        self.assertTrue(self.env["queue.job"].search([], limit=1), "there is a job to look into")
        self.env.cr.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'ir\\_model\\_%'"
        )
        patterns = [f"%{secret.partition('_')[2]}%" for secret in self.secrets]
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(
                f'SELECT count(*) FROM "{table}" row WHERE row::text LIKE ANY(%s)',  # pylint: disable=sql-injection
                (patterns,),
            )
            self.assertFalse(self.env.cr.fetchone()[0], table)

    def test_not_on_screens_or_in_exports(self):
        """G7: whatever a manager or auditor reads or exports, a secret is not in it."""
        with Receiver() as receiver:
            self._use_them(receiver)
        names = [
            name
            for name, model in self.env.items()
            if name.startswith(("dist.", "queue.job")) and not model._abstract and not model._transient
        ]
        self.assertIn("dist.credential.version", names)
        for group in ("manager", "auditor"):
            for name in names:
                records = self.env[name].with_user(self.people[group])
                if not records.check_access_rights("read", raise_exception=False):
                    continue
                records = records.search([], limit=200)
                shown = json.dumps(records.read(), default=str)
                exported = json.dumps(
                    records.export_data(self._get_exportable(records))["datas"], default=str
                )
                self._assert_absent(shown + exported, f"{group} {name}")

    def _get_exportable(self, records):
        return [name for name, field in records.fields_get().items() if field.get("exportable", True)]
