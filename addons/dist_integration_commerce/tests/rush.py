"""Buyers in real transactions beside each other."""

import json
import threading

from odoo import SUPERUSER_ID, api

from odoo.addons.dist_integration_base.tests.common import RealTransactionCase, make_flow


class RushCase(RealTransactionCase):
    """What a test makes is committed; it removes it at the end.

    `_make` returns the ids of what it made, by name, at least those of `_make_connection`.
    """

    def setUp(self):
        super().setUp()
        self.ids = self._do(self._make)
        self.addCleanup(self._do, self._remove)

    def _make_connection(self, env, code, message_type, **channel):
        """:return: (dist.system, its stock.warehouse, dict of the ids of system, client, flow and channel)"""
        system = env["dist.system"].create({"name": "Rush", "code": code, "state": "active", "kind": "shop"})
        client = env["dist.api.client"].create({"name": "Rush", "system_id": system.id})
        flow = make_flow(env, system, message_type)
        warehouse = env["stock.warehouse"].search([("company_id", "=", system.company_id.id)], limit=1)
        common = {"name": "Rush", "code": "RUSH", "system_id": system.id, "warehouse_id": warehouse.id}
        channel = env["dist.sales.channel"].create({**common, **channel})
        ids = {"system": system.id, "client": client.id, "flow": flow.id, "channel": channel.id}
        return system, warehouse, ids

    def _store(self, number, body):
        """:return: id of a stored message of one buyer"""

        def store(env):
            flow = env["dist.flow"].browse(self.ids["flow"])
            vals = {
                "client_id": self.ids["client"],
                "system_id": self.ids["system"],
                "company_id": flow.company_id.id,
                "flow_id": flow.id,
                "message_type_id": flow.message_type_id.id,
                "version_id": flow.message_type_id._get_default_version().id,
                "idempotency_key": f"rush-{number}",
                "request_hash": str(number),
            }
            return env["dist.message"]._receive(vals, json.dumps(body).encode())[0]

        return self._do(store)

    def _process_at_once(self, message_ids, timeout):
        """Process messages at the same moment, each in a thread of its own.

        :param timeout: seconds to wait for each
        """
        ready, failures = threading.Barrier(len(message_ids)), []

        def buy(message_id):
            try:
                with self.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    ready.wait(timeout=30)
                    env["dist.message"]._process([message_id])
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=buy, args=(message_id,)) for message_id in message_ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=timeout)
        self.assertFalse(failures)
