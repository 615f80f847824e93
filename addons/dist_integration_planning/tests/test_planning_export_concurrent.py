"""Exports while documents are written: real transactions beside each other."""

import gzip
import json
import threading
from uuid import uuid4

from odoo import SUPERUSER_ID, Command, api
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import RealTransactionCase

from .export_common import monday_of, weeks_ago

WRITERS = 3
ASKING = 10
ROUNDS = 6


@tagged("post_install", "-at_install")
class TestPlanningExportConcurrent(RealTransactionCase):
    def setUp(self):
        super().setUp()
        self.mark = uuid4().hex[:8]
        self.ids = self._do(self._make)
        self.addCleanup(self._do, self._remove)
        self.state, self.told = {}, []

    def _make(self, env):
        system = env["dist.system"].create({"name": self.mark, "code": self.mark, "state": "active"})
        source = env["dist.planning.source"].create(
            {"name": self.mark, "code": self.mark, "system_id": system.id, "export_packed": True}
        )
        warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
        customer = env["res.partner"].create({"name": self.mark})
        products = env["product.product"].create(
            [
                {"name": self.mark, "default_code": f"{self.mark}-{number}", "detailed_type": "product"}
                for number in range(WRITERS + 2)
            ]
        )
        return {
            "system": system.id,
            "source": source.id,
            "warehouse": warehouse.id,
            "customer": customer.id,
            "products": products.ids,
        }

    def _remove(self, env):
        orders = env["sale.order"].search([("partner_id", "=", self.ids["customer"])])
        orders._action_cancel()
        moves = env["stock.move"].search([("product_id", "in", self.ids["products"])])
        pickings = moves.picking_id
        moves.filtered(lambda move: move.state != "cancel")._action_cancel()
        moves.unlink()
        pickings.unlink()
        orders.unlink()
        source = env["dist.planning.source"].browse(self.ids["source"])
        source.export_ids.file_ids._find_attachments().unlink()
        env.cr.execute("DELETE FROM dist_planning_export WHERE source_id = %s", (source.id,))
        env["dist.planning.history"].search([("product_id", "in", self.ids["products"])]).sudo().unlink()
        source.invalidate_recordset()
        source.unlink()
        env["product.product"].browse(self.ids["products"]).product_tmpl_id.unlink()
        env["res.partner"].browse(self.ids["customer"]).unlink()
        env["dist.system"].browse(self.ids["system"]).unlink()

    # what happens meanwhile

    def _sell(self, env, product_id, quantity, weeks):
        order = env["sale.order"].create(
            {
                "partner_id": self.ids["customer"],
                "warehouse_id": self.ids["warehouse"],
                "order_line": [Command.create({"product_id": product_id, "product_uom_qty": quantity})],
            }
        )
        order.action_confirm()
        order.date_order = weeks_ago(weeks)
        return order

    def _export(self, kind="delta"):
        """Make an export and apply it to what the platform knows, as the platform would."""

        def request(env):
            return env["dist.planning.source"].browse(self.ids["source"])._request_export(kind).id

        export_id = self._do(request)
        self._do(lambda env: env["dist.planning.export"].browse(export_id)._job_run())
        self._do(self._take_in, export_id)

    def _take_in(self, env, export_id):
        export = env["dist.planning.export"].browse(export_id)
        self.assertEqual(export.state, "done", export.error)
        for dataset in ("open_orders", "history", "items"):
            file = export.file_ids.filtered(lambda file, dataset=dataset: file.dataset == dataset)
            with file._get_attachment()._dist_open() as stream:
                lines = gzip.decompress(stream.read()).splitlines()
            for line in lines:
                row = json.loads(line)
                if self.mark in json.dumps(row) or (dataset, row["key"]) in self.state:
                    self._apply(dataset, row)

    def _apply(self, dataset, row):
        key = (dataset, row["key"])
        if row["removed"]:
            self.assertIn(key, self.state, "told that is gone what was never told")
            del self.state[key]
            return
        self.assertNotEqual(self.state.get(key), row, "told twice")
        self.state[key] = row
        self.told.append((dataset, json.dumps(row, sort_keys=True)))

    def _get_truth(self):
        """:return: what a platform knows that is told everything now"""
        known, self.state = self.state, {}
        told, self.told = self.told, []
        try:
            self._export("full")
            return self.state
        finally:
            self.state, self.told = known, told

    # tests

    def test_commit_behind_the_export(self):
        """P1: what was begun before an export and committed behind it is told by the next one, also when it was
        written in a savepoint, whose transaction id is younger than what the export saw.
        """
        product = self.ids["products"][WRITERS]
        self._do(self._sell, product, 1, 3)
        self._export("full")
        with self.registry.cursor() as cr:
            env = self._env(cr)
            with cr.savepoint():
                self._sell(env, product, 2, 3)
                env.flush_all()
            # another one is written later, committed at once, and exported
            self._do(self._sell, self.ids["products"][WRITERS + 1], 5, 3)
            self._export()
            self.assertEqual(self._get_gross(product), 1)
            with cr.savepoint():
                env["product.product"].browse(product).name = f"{self.mark} renamed"
                env.flush_all()
            cr.commit()  # pylint: disable=invalid-commit  # a transaction of its own
        self._export()
        self.assertEqual(self._get_gross(product), 3)
        self.assertEqual(self.state, self._get_truth())
        self._export()
        self.assertEqual(len(self.told), len(set(self.told)), "told twice")

    def test_export_while_orders_are_confirmed(self):
        """P1: exports while orders are confirmed and cancelled: nothing is missed, nothing told twice."""
        self._export("full")
        errors = []

        def write(number):
            try:
                for step in range(ROUNDS):
                    self._do(self._write, self.ids["products"][number], step)
            except Exception as error:
                errors.append(error)

        writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            self._export()
        for writer in writers:
            writer.join()
        self.assertFalse(errors)
        self._export()
        self.assertEqual(self.state, self._get_truth())
        self.assertTrue([key for key in self.state if key[0] == "open_orders"])
        self.assertTrue([key for key in self.state if key[0] == "history"])
        before = len(self.told)
        self._export()
        self.assertEqual(len(self.told), before, "told again what did not change")

    def test_two_exports_at_once(self):
        """P1: of two exports of a source at once the second waits; together they tell all once."""
        self._export("full")
        self._do(self._sell, self.ids["products"][0], 4, 3)

        def request(env):
            source = env["dist.planning.source"].browse(self.ids["source"])
            return (
                env["dist.planning.export"]
                .create(
                    [{"source_id": source.id, "kind": "delta"}, {"source_id": source.id, "kind": "delta"}]
                )
                .ids
            )

        ids = self._do(request)
        busy = []

        def run(export_id):
            while True:
                try:
                    self._do(lambda env: env["dist.planning.export"].browse(export_id)._job_run())
                    return
                except Exception as error:
                    busy.append(type(error).__name__)

        threads = [threading.Thread(target=run, args=(export_id,)) for export_id in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(busy), {"RetryableJobError"})
        order = self._do(lambda env: env["dist.planning.export"].browse(ids).sorted("finished_at").ids)
        for export_id in sorted(order, key=lambda export_id: self._do(self._is_second, export_id)):
            self._do(self._take_in, export_id)
        self.assertEqual(self.state, self._get_truth())

    def test_asked_at_once(self):
        """M5, P1: of requests that come at once one begins an export, the others are answered with it; so are those
        that come with the same key.
        """
        client = self._do(self._make_client)
        answers, ready = [], threading.Barrier(ASKING, timeout=60)

        def ask(env, key):
            source = env["dist.planning.source"].browse(self.ids["source"])
            # what a request sees is settled before it waits for the others
            self.assertFalse(source.export_ids)
            ready.wait()
            requests = env["dist.planning.export.request"]
            answers.append(
                requests._answer(source, "full", env["dist.api.client"].browse(client), key, "hash")
            )

        keys = ["same", "same", "same", "same", "other", None, None, None, None, None]
        threads = [threading.Thread(target=self._do, args=(ask, key)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), ASKING)
        self.assertEqual(len({document["export"] for document, _former_hash in answers}), 1)
        self.assertEqual(sum(former_hash == "hash" for _document, former_hash in answers), 3)
        self.assertEqual(self._do(self._count_exports), 1)

    def _make_client(self, env):
        client = env["dist.api.client"].create({"name": self.mark, "system_id": self.ids["system"]})
        self.addCleanup(self._do, lambda env: env["dist.api.client"].browse(client.id).unlink())
        return client.id

    def _count_exports(self, env):
        return env["dist.planning.export"].search_count([("source_id", "=", self.ids["source"])])

    def _is_second(self, env, export_id):
        return env["dist.planning.export"].browse(export_id).previous_id.kind == "delta"

    def _write(self, env, product_id, step):
        """Confirm an order in a savepoint, and cancel the one before it now and then."""
        with env.cr.savepoint():
            self._sell(env, product_id, step + 1, 2 + step % 2)
            env.flush_all()
        if step % 3 == 2:
            orders = env["sale.order"].search(
                [("order_line.product_id", "=", product_id), ("state", "=", "sale")], order="id", limit=1
            )
            orders._action_cancel()

    def _get_gross(self, product_id):
        """:return: what the platform knows of an item's demand"""
        sku = self._do(lambda env: env["product.product"].browse(product_id).default_code)
        rows = [
            row for (dataset, _key), row in self.state.items() if dataset == "history" and row["sku"] == sku
        ]
        self.assertLessEqual({row["bucket_start"] for row in rows}, {monday_of(weeks_ago(3))})
        return sum(row["gross"] for row in rows)

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})
