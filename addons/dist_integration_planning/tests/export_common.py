"""What tests of exports share."""

import csv
import gzip
import io
import json
from datetime import datetime, timedelta

from odoo import Command, fields

from odoo.addons.dist_integration_base.tests.common import DistCase, DistHttpCase

SCOPES = ["planning:read", "planning:export", "plans:submit"]


class ExportMixin:
    """A warehouse in Brussels, a platform that plans it, and shortcuts to sell on a day that is gone."""

    @classmethod
    def _set_up_planning(cls):
        cls.company = cls.env.company
        cls.system, cls.client, cls.key = cls._make_system("Platform", scopes=SCOPES)
        address = cls.env["res.partner"].create({"name": "Brussels DC", "tz": "Europe/Brussels"})
        cls.warehouse = cls.env["stock.warehouse"].create(
            {"name": "Brussels", "code": "BRU", "partner_id": address.id}
        )
        cls.source = cls.env["dist.planning.source"].create(
            {
                "name": "Platform",
                "code": "platform",
                "system_id": cls.system.id,
                "warehouse_ids": [Command.set(cls.warehouse.ids)],
            }
        )
        cls.customer = cls.env["res.partner"].create({"name": "Fieldmart", "ref": "C-1"})
        cls.supplier = cls.env["res.partner"].create({"name": "Harbour Chemicals", "ref": "S-1"})
        cls.tape = cls._make_product("TAPE")
        cls.glove = cls._make_product("GLOVE")
        cls.customers = cls.env.ref("stock.stock_location_customers")
        cls.suppliers = cls.env.ref("stock.stock_location_suppliers")

    @classmethod
    def _make_product(cls, sku, **values):
        return cls.env["product.product"].create(
            {
                "name": f"Item {sku}",
                "default_code": sku,
                "detailed_type": "product",
                "list_price": 10.0,
                "standard_price": 4.0,
                **values,
            }
        )

    @classmethod
    def _put(cls, product, quantity, location=None):
        cls.env["stock.quant"]._update_available_quantity(
            product, location or cls.warehouse.lot_stock_id, quantity
        )

    @classmethod
    def _sell(cls, product, quantity, moment, warehouse=None, **values):
        """Confirm an order.

        :param moment: datetime (UTC) of the order
        :return: sale.order
        """
        line = {"product_id": product.id, "product_uom_qty": quantity, **values.pop("line", {})}
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "warehouse_id": (warehouse or cls.warehouse).id,
                "order_line": [Command.create(line)],
                **values,
            }
        )
        order.action_confirm()
        # confirming dates it
        order.date_order = moment
        return order

    @classmethod
    def _deliver(cls, order, moment=None):
        pickings = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        pickings.action_assign()
        cls._do(pickings, moment)

    @classmethod
    def _do(cls, pickings, moment=None):
        for move in pickings.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        pickings.with_context(skip_backorder=True).button_validate()
        if moment:
            pickings.move_ids.date = moment

    def _return(self, order, quantity, moment=None):
        """Take goods of an order back."""
        picking = order.picking_ids.filtered(lambda picking: picking.state == "done")[:1]
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_model="stock.picking")
            .create({"picking_id": picking.id})
        )
        wizard.product_return_moves.quantity = quantity
        action = wizard.create_returns()
        back = self.env["stock.picking"].browse(action["res_id"])
        self._do(back, moment)
        return back

    def _move(self, product, quantity, source, target, moment=None, **values):
        """Move goods at once, without an order.

        :return: stock.move
        """
        move = self.env["stock.move"].create(
            {
                "name": product.name,
                "product_id": product.id,
                "product_uom_qty": quantity,
                "location_id": source.id,
                "location_dest_id": target.id,
                **values,
            }
        )
        move._action_confirm()
        move.quantity = quantity
        move.picked = True
        move._action_done()
        if moment:
            move.date = moment
        return move

    def _refresh(self, **options):
        self.env["dist.planning.history"]._refresh(self.company, **options)

    def _get_history(self, product, bucket="week", warehouse=None):
        """:return: dict, first day of a period (text) to the row"""
        rows = self.env["dist.planning.history"].search(
            [
                ("product_id", "=", product.id),
                ("warehouse_id", "=", (warehouse or self.warehouse).id),
                ("bucket", "=", bucket),
            ]
        )
        return {fields.Date.to_string(row.bucket_start): row for row in rows}

    # exports

    def _export(self, kind="full", source=None):
        """Make an export, as its job would.

        :return: dist.planning.export
        """
        export = (source or self.source)._request_export(kind)
        self._make(export)
        self.assertEqual(export.state, "done", export.error)
        return export

    def _make(self, export):
        """Run the job of an export."""
        self.env.flush_all()
        export._job_run()
        self.env.invalidate_all()

    def _get_file(self, export, dataset=None, name=None):
        return export.file_ids.filtered(
            lambda file: file.dataset == dataset if dataset else file.name == name
        ).ensure_one()

    def _get_content(self, file):
        with file._get_attachment()._dist_open() as stream:
            content = stream.read()
        return gzip.decompress(content) if file.is_packed else content

    def _read(self, export, dataset):
        """:return: list of dicts, the rows of a file in our own words"""
        text = self._get_content(self._get_file(export, dataset)).decode()
        if self._get_file(export, dataset).media_type == "text/csv":
            return list(csv.DictReader(io.StringIO(text)))
        return [json.loads(line) for line in text.splitlines()]

    def _read_by_key(self, export, dataset):
        rows = self._read(export, dataset)
        found = {row["key"]: row for row in rows}
        self.assertEqual(len(found), len(rows), "a key is there twice")
        return found


class ExportCase(ExportMixin, DistCase):
    """For rules: no HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_planning()


class ExportHttpCase(ExportMixin, DistHttpCase):
    """For what the platform sees: calls of the API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_planning()


def weeks_ago(number, **at):
    """:return: datetime (UTC): the Wednesday at ten of the week so many weeks ago"""
    today = datetime.now()
    monday = today - timedelta(days=today.weekday() + 7 * number)
    return monday.replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=2, **at)


def monday_of(moment):
    """:return: text of the first day of a moment's week"""
    return fields.Date.to_string((moment - timedelta(days=moment.weekday())).date())
