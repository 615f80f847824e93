import io

from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ..lib.stock_text import StockText, array_literal


class DistAvailabilityQuery(models.AbstractModel):
    """Answers how much of thousands of items a channel may promise.

    Ten thousand items in four warehouses are forty thousand rows: no record is read, rows come as text by COPY
    and become the JSON of the answer without being turned into objects in between.
    """

    _name = "dist.availability.query"
    _description = "Availability for sales channels"

    def _answer(self, terms, skus, codes=None):
        """:param terms: AvailabilityTerms of the channel
        :param skus: list of item numbers
        :param codes: codes of the warehouses to show; None for all that are published
        :return: bytes, the JSON of the answer
        :raises BusinessError: a warehouse is not published
        """
        warehouses = self._choose_warehouses(terms, codes)
        places = self._get_places(warehouses)
        stock = StockText(skus, warehouses, terms.buffer)
        stock.read_present(self._copy_present(terms, skus, places))
        stock.read_coming(self._copy_coming(stock.product_ids, places))
        units = self.env["uom.uom"].with_context(prefetch_fields=False).browse(stock.unit_ids)
        names = {unit.id: unit.name for unit in units}
        moment = fields.Datetime.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        return f'{{"as_of":"{moment}","items":[{",".join(stock.iter_json(names))}]}}'.encode()

    def _choose_warehouses(self, terms, codes):
        """:return: dict, warehouse id to code: those published to the channel, or the named ones among them"""
        if not codes:
            return terms.warehouses
        published = {code: warehouse_id for warehouse_id, code in terms.warehouses.items()}
        for index, code in enumerate(codes):
            if code not in published:
                raise BusinessError(
                    "unknown_warehouse",
                    _("No warehouse %s is published to this channel.", code),
                    f"/warehouses/{index}",
                )
        return {published[code]: code for code in codes}

    def _read_known_products(self, system_id, skus):
        """What the system's own numbers mean: by code map, else by binding.

        :return: dict, number to product id
        """
        self.env["dist.binding"].flush_model(["system_id", "res_model", "res_id", "external_id"])
        self.env["dist.code.map"].flush_model(["system_id", "domain", "res_model", "res_id", "external_code"])
        self.env.cr.execute(
            """
            SELECT number, product_id
            FROM (
                SELECT 1 AS rank, external_id AS number, res_id AS product_id FROM dist_binding
                WHERE system_id = %(system)s AND res_model = 'product.product'
                UNION ALL
                SELECT 2, external_code, res_id FROM dist_code_map
                WHERE system_id = %(system)s AND domain = 'product' AND res_model = 'product.product'
            ) AS known
            WHERE number IN (SELECT unnest(%(skus)s::text[]))
            ORDER BY rank
            """,
            {"system": system_id, "skus": array_literal(skus)},
        )
        return dict(self.env.cr.fetchall())

    def _get_places(self, warehouses):
        """:return: dict of parallel lists: ids of locations, of their warehouses, whether goods there are for sale"""
        places = self.env["dist.availability"]._get_places(list(warehouses))
        names = ("locations", "warehouses", "sellable")
        return dict(zip(names, map(list, zip(*places, strict=True)), strict=True))

    def _copy_present(self, terms, skus, places):
        """:return: text for StockText.read_present; an item is the product that the system means by its number,
        else every product of the company that has the number
        """
        self.env["dist.availability"]._flush()
        self.env["product.product"].flush_model(["default_code", "active", "product_tmpl_id"])
        self.env["product.template"].flush_model(["company_id", "uom_id"])
        known = self._read_known_products(terms.system_id, skus)
        return self._copy(
            """
            WITH wanted AS MATERIALIZED (
                SELECT position, number
                FROM unnest(%(skus)s::text[]) WITH ORDINALITY AS asked (number, position)
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
                JOIN unnest(%(known)s::text[], %(products)s::integer[]) AS known (number, product_id)
                    ON known.number = wanted.number
                JOIN product_product product ON product.id = known.product_id
                JOIN product_template template ON template.id = product.product_tmpl_id
                WHERE template.company_id IS NULL OR template.company_id = %(company)s
            )
            SELECT meant.position, meant.product_id, meant.uom_id,
                   present.warehouse_id, COALESCE(present.quantity, 0), COALESCE(present.reserved_quantity, 0),
                   present.sellable
            FROM meant
            LEFT JOIN (
                SELECT quant.product_id, place.warehouse_id, quant.quantity, quant.reserved_quantity,
                       CASE WHEN place.sellable
                            THEN COALESCE(quant.quantity, 0) - COALESCE(quant.reserved_quantity, 0)
                            ELSE 0 END AS sellable
                FROM stock_quant quant
                JOIN unnest(%(locations)s, %(warehouses)s, %(sellable)s) AS place (id, warehouse_id, sellable)
                    ON place.id = quant.location_id
            ) AS present ON present.product_id = meant.product_id
            """,
            {
                "skus": array_literal(skus),
                "company": terms.company_id,
                "known": list(known),
                "products": list(known.values()),
                **places,
            },
        )

    def _copy_coming(self, product_ids, places):
        """:return: text for StockText.read_coming"""
        return self._copy(
            """
            WITH place AS (
                SELECT id, warehouse_id FROM unnest(%(locations)s, %(warehouses)s) AS place (id, warehouse_id)
            )
            SELECT move.product_id, target.warehouse_id, SUM(move.product_qty)
            FROM stock_move move
            JOIN place target ON target.id = move.location_dest_id
            LEFT JOIN place source ON source.id = move.location_id
            WHERE move.state IN ('waiting', 'confirmed', 'assigned', 'partially_available')
              AND move.product_id IN (SELECT unnest(%(products)s::integer[]))
              AND source.warehouse_id IS DISTINCT FROM target.warehouse_id
            GROUP BY move.product_id, target.warehouse_id
            """,
            {"products": array_literal(product_ids), **places},
        )

    def _copy(self, query, parameters):
        cr = self.env.cr
        buffer = io.BytesIO()
        cr.copy_expert(f"COPY ({cr.mogrify(query, parameters).decode()}) TO STDOUT", buffer)
        return buffer.getvalue().decode()
