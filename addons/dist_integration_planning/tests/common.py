"""What tests of the planning addon share; other addons' tests may use it."""

import hashlib
import json
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import new_test_user

from odoo.addons.dist_integration_base.tests.common import DistCase, DistHttpCase

SCOPES = ["plans:submit"]
INBOUND = ["plan.manifest", "plan.file"]
PLANNER = "dist_integration_planning.group_dist_planning_planner"
MANAGER = "dist_integration_planning.group_dist_planning_manager"


class PlanningMixin:
    """A planning platform, items with suppliers, and shortcuts to hand over plans."""

    @classmethod
    def _set_up_planning(cls):
        cls.system, cls.client, cls.key = cls._make_system(
            "Planner", scopes=SCOPES, message_types=INBOUND, kind="planning"
        )
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.env.company.id)], limit=1)
        cls.north = cls.env["stock.warehouse"].create({"name": "North", "code": "NORTH"})
        cls.source = cls.env["dist.planning.source"].create(
            {
                "name": "Platform",
                "code": "platform",
                "kind": "external",
                "system_id": cls.system.id,
                "may_transfer": True,
                "may_set_reordering": True,
            }
        )
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.supplier = cls.env["res.partner"].create({"name": "Harbour Chemicals", "ref": "HARBOUR"})
        cls.tape = cls._make_product("TAPE", price=4.0)
        cls.glove = cls._make_product("GLOVE", price=2.0, min_qty=24.0, dist_order_multiple=12.0)
        cls.seal = cls._make_product("SEAL")
        cls.moment = fields.Datetime.now() - timedelta(hours=6)

    @classmethod
    def _make_product(cls, sku, price=None, **offer):
        """:param price: of the supplier; None where nobody sells it"""
        product = cls.env["product.product"].create(
            {"name": f"Item {sku}", "default_code": sku, "detailed_type": "product", "standard_price": 4.0}
        )
        if price is not None:
            cls._make_offer(product, price=price, **offer)
        return product

    @classmethod
    def _make_offer(cls, product, **values):
        return cls.env["product.supplierinfo"].create(
            {
                "partner_id": cls.supplier.id,
                "product_tmpl_id": product.product_tmpl_id.id,
                "delay": 5,
                **values,
            }
        )

    @classmethod
    def _make_planner(cls, login="planner", groups=PLANNER, **values):
        return new_test_user(cls.env, login, groups=groups, **values)

    @classmethod
    def _make_rule(cls, **values):
        return cls.env["dist.planning.rule"].create({"name": "Small ones", **values})

    # rows

    @staticmethod
    def _forecast(sku="TAPE", day="2026-03-02", **values):
        return {
            "record": "forecast",
            "sku": sku,
            "warehouse": "WH",
            "bucket_start": day,
            "unit": "Units",
            "baseline": 10,
            **values,
        }

    @staticmethod
    def _parameter(sku="TAPE", **values):
        return {"record": "parameter", "sku": sku, "warehouse": "WH", "unit": "Units", **values}

    def _proposal(self, key="P-1", sku="TAPE", **values):
        return {
            "record": "proposal",
            "key": key,
            "kind": "purchase",
            "sku": sku,
            "warehouse": "WH",
            "unit": "Units",
            "quantity": 10,
            "date_planned": str(fields.Date.today() + timedelta(days=30)),
            **values,
        }

    @staticmethod
    def _alert(sku="TAPE", **values):
        return {"record": "alert", "sku": sku, "code": "ends", "text": "Ends in June", **values}

    def _plan(self, rows, plan="R-1", minutes=0, manifest=None):
        """A file of all kinds with its manifest.

        :param minutes: how much later than the first one it was made
        :param manifest: values that differ from what the rows are
        :return: bytes
        """
        body = "".join(json.dumps(row) + "\n" for row in rows).encode()
        kinds = [row.get("record") for row in rows]
        said = {
            "record": "manifest",
            "plan": plan,
            "planned_at": self._at(minutes),
            "counts": {kind: kinds.count(kind) for kind in set(kinds)},
            "sha256": hashlib.sha256(body).hexdigest(),
            **(manifest or {}),
        }
        return json.dumps(said).encode() + b"\n" + body

    def _at(self, minutes=0):
        return (self.moment + timedelta(minutes=minutes)).isoformat(timespec="seconds") + "Z"

    # jobs

    def _activate(self, batch):
        self.env.flush_all()
        batch._job_activate()
        self.env.invalidate_all()
        return batch

    def _execute(self):
        """Do the jobs that carry out proposals."""
        self.env.flush_all()
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_execute"), ("state", "=", "pending")])
        for job in jobs.sorted("id"):
            job.records._job_execute()
        jobs.unlink()
        self.env.flush_all()
        self.env.invalidate_all()

    def _get_faults(self, batch):
        """:return: list of (file, line, field, value, code)"""
        return [
            (error.file or "", error.line, error.field or "", error.value or "", error.code)
            for error in batch.error_ids
        ]

    def _get_proposals(self, *keys):
        domain = [("source_id", "=", self.source.id)]
        if keys:
            domain.append(("key", "in", keys))
        return self.env["dist.planning.proposal"].search(domain, order="key")


class PlanningCase(PlanningMixin, DistCase):
    """Plans of a program: what an import does is the same, whichever way the rows came."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_planning()

    def _take_in(self, rows, plan="R-1", minutes=0, manifest=None):
        """Hand a plan over as a message, put it in force.

        :return: dist.planning.batch
        """
        return self._activate(self._receive(self._plan(rows, plan, minutes, manifest)))

    def _receive(self, content, **declared):
        """Store a file as a message and process it, as a door does.

        :return: dist.planning.batch
        """
        from odoo.addons.dist_integration_base.lib import strict_json, upload

        flow = self.env["dist.flow"].search(
            [("system_id", "=", self.system.id), ("message_type_id.code", "=", "plan.file")]
        )
        received = upload.receive([content], len(content))
        described = received.describe("application/x-ndjson", False)
        vals = {
            "client_id": self.client.id,
            "system_id": self.system.id,
            "company_id": self.env.company.id,
            "flow_id": flow.id,
            "message_type_id": flow.message_type_id.id,
            "version_id": flow._get_version().id,
            "idempotency_key": f"test {received.sha256}",
            "request_hash": received.sha256,
            "content_format": "json",
        }
        messages = self.env["dist.message"]
        body = strict_json.dumps({**declared, "file": described})
        message_id, _is_new = messages._receive(vals, body, received)
        self.env.flush_all()
        messages._process([message_id])
        self.env.invalidate_all()
        message = messages.browse(message_id)
        self.assertEqual(message.state, "done", message.error)
        return self.env["dist.planning.batch"].browse(message.res_id)


class PlanningHttpCase(PlanningMixin, DistHttpCase):
    """Plans over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_planning()


def allow_everything(env, company):
    """A rule that approves whatever may be approved."""
    return env["dist.planning.rule"].create({"name": "Everything", "company_id": company.id})


def only(*records):
    return [Command.set([record.id for record in records])]
