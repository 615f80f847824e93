import io
import json

from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ..lib.stock_text import StockText


class DistAvailabilityQuery(models.AbstractModel):
    """Answers how much of thousands of items a channel may promise.

    Ten thousand items in four warehouses are forty thousand rows: no record is read, rows come as text by COPY
    and become the JSON of the answer without being turned into objects in between.
    """

    _name = "dist.availability.query"
    _description = "Availability for sales channels"

    def _answer(self, channel, skus, warehouses):
        """:param channel: dist.sales.channel, whose buffer is kept back
        :param skus: list of item numbers
        :param warehouses: stock.warehouse, in the order in which they are shown
        :return: bytes, the JSON of the answer
        """
        stock = StockText(skus, {warehouse.id: warehouse.code for warehouse in warehouses}, channel.safety_buffer)
        stock.read_present(self._copy_present(channel, skus, warehouses.ids))
        stock.read_coming(self._copy_coming(stock.product_ids, warehouses.ids))
        units = {unit.id: unit.name for unit in self.env["uom.uom"].browse(stock.unit_ids)}
        moment = fields.Datetime.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        return f'{{"as_of":"{moment}","items":[{",".join(stock.iter_json(units))}]}}'.encode()

    def _get_warehouses(self, channel, codes=None):
        """Warehouses of the answer: those published to the channel, or the named ones among them.

        :raises BusinessError: a code is not among them
        """
        published = channel._get_published_warehouses()
        if not codes:
            return published
        by_code = {warehouse.code: warehouse for warehouse in published}
        for index, code in enumerate(codes):
            if code not in by_code:
                raise BusinessError(
                    "unknown_warehouse",
                    _("No warehouse %s is published to this channel.", code),
                    f"/warehouses/{index}",
                )
        return published.browse([by_code[code].id for code in dict.fromkeys(codes)])

    def _get_available(self, product_ids, warehouse_ids):
        """:return: dict, (product id, warehouse id) to on hand less reserved, in the product's unit"""
        self._flush_present()
        self.env.cr.execute(
            """
            SELECT quant.product_id, place.warehouse_id,
                   SUM(quant.quantity - quant.reserved_quantity)::float
            FROM stock_quant quant
            JOIN stock_location place ON place.id = quant.location_id
            WHERE quant.product_id = ANY(%s) AND place.warehouse_id = ANY(%s)
            GROUP BY 1, 2
            """,
            (list(product_ids), list(warehouse_ids)),
        )
        return {(product_id, warehouse_id): available for product_id, warehouse_id, available in self.env.cr.fetchall()}

    def _flush_present(self):
        self.env["stock.quant"].flush_model(["product_id", "location_id", "quantity", "reserved_quantity"])

    def _read_known_products(self, system, skus):
        """What the system's own numbers mean, by binding or code map.

        :return: dict, number to product id
        """
        self.env["dist.binding"].flush_model(["system_id", "res_model", "res_id", "external_id"])
        self.env["dist.code.map"].flush_model(["system_id", "domain", "res_model", "res_id", "external_code"])
        self.env.cr.execute(
            """
            SELECT number, product_id
            FROM (
                SELECT external_id AS number, res_id AS product_id FROM dist_binding
                WHERE system_id = %(system)s AND res_model = 'product.product'
                UNION ALL
                SELECT external_code, res_id FROM dist_code_map
                WHERE system_id = %(system)s AND domain = 'product' AND res_model = 'product.product'
            ) AS known
            WHERE number IN (SELECT json_array_elements_text(%(skus)s))
            """,
            {"system": system.id, "skus": json.dumps(skus)},
        )
        return dict(self.env.cr.fetchall())

    def _copy_present(self, channel, skus, warehouse_ids):
        """:return: text for StockText.read_present; an item is the product that the system means by its number,
        else every product of the company that has the number
        """
        self._flush_present()
        self.env["product.product"].flush_model(["default_code", "active", "product_tmpl_id"])
        self.env["product.template"].flush_model(["company_id", "uom_id"])
        known = self._read_known_products(channel.system_id, skus)
        return self._copy(
            """
            WITH wanted AS MATERIALIZED (
                SELECT position, number
                FROM json_array_elements_text(%(skus)s) WITH ORDINALITY AS asked (number, position)
            ), meant AS (
                SELECT wanted.position, product.id AS product_id, template.uom_id
                FROM wanted
                JOIN product_product product ON product.default_code = wanted.number AND product.active
                JOIN product_template template ON template.id = product.product_tmpl_id
                WHERE (template.company_id IS NULL OR template.company_id = %(company)s)
                  AND wanted.number != ALL(%(known)s::text[])
                UNION ALL
                SELECT wanted.position, product.id, template.uom_id
                FROM wanted
                JOIN unnest(%(known)s::text[], %(products)s::integer[]) AS known (number, product_id) ON known.number = wanted.number
                JOIN product_product product ON product.id = known.product_id
                JOIN product_template template ON template.id = product.product_tmpl_id
            )
            SELECT meant.position, meant.product_id, meant.uom_id,
                   present.warehouse_id, present.quantity, present.reserved_quantity
            FROM meant
            LEFT JOIN (
                SELECT quant.product_id, place.warehouse_id, quant.quantity, quant.reserved_quantity
                FROM stock_quant quant
                JOIN stock_location place ON place.id = quant.location_id
                WHERE place.warehouse_id = ANY(%(warehouses)s)
            ) AS present ON present.product_id = meant.product_id
            """,
            {
                "skus": json.dumps(skus),
                "company": channel.company_id.id,
                "known": list(known),
                "products": list(known.values()),
                "warehouses": warehouse_ids,
            },
        )

    def _copy_coming(self, product_ids, warehouse_ids):
        """:return: text for StockText.read_coming"""
        self.env["stock.move"].flush_model(["product_id", "location_id", "location_dest_id", "product_qty", "state"])
        return self._copy(
            """
            SELECT move.product_id, target.warehouse_id, SUM(move.product_qty)
            FROM stock_move move
            JOIN stock_location target ON target.id = move.location_dest_id
            JOIN stock_location source ON source.id = move.location_id
            WHERE move.state IN ('waiting', 'confirmed', 'assigned', 'partially_available')
              AND move.product_id IN (SELECT unnest(%(products)s::integer[]))
              AND target.warehouse_id = ANY(%(warehouses)s)
              AND source.warehouse_id IS DISTINCT FROM target.warehouse_id
            GROUP BY 1, 2
            """,
            {"products": "{" + ",".join(map(str, product_ids)) + "}", "warehouses": warehouse_ids},
        )

    def _copy(self, query, parameters):
        cr = self.env.cr
        buffer = io.BytesIO()
        cr.copy_expert(f"COPY ({cr.mogrify(query, parameters).decode()}) TO STDOUT", buffer)
        return buffer.getvalue().decode()
