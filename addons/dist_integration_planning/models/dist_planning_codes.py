from odoo import api, models
from odoo.tools import SQL

from .series import is_same_kind


class DistPlanningCodes(models.AbstractModel):
    """What the codes of a plan mean, as temporary tables to join with.

    A platform's codes are those of its code map, its bindings, then our own numbers; the built-in planner's are ids.
    """

    _name = "dist.planning.codes"
    _description = "Codes of a plan"

    @api.model
    def _create_tables(self, source):
        """:param source: dist.planning.source"""
        self.env["res.partner"].flush_model()
        self._create_items(source)
        rows = self._get_warehouses(source)
        self._create_table("dist_known_warehouse (code varchar, warehouse_id integer, allowed boolean)", rows)
        units, names = self._get_units(source)
        self._create_table("dist_known_unit (code varchar, uom_id integer, factor float8)", units)
        self._create_table("dist_named_unit (code varchar)", [(name,) for name in names])
        self._create_suppliers(source)

    @api.model
    def _create_table(self, definition, rows):
        """:param definition: name and columns"""
        name = definition.split()[0]
        self.env.cr.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")  # pylint: disable=sql-injection
        self.env.cr.execute(f"CREATE TEMP TABLE {definition} ON COMMIT DROP")  # pylint: disable=sql-injection
        if rows:
            self.env.cr.execute(SQL("INSERT INTO %s VALUES %s", SQL(name), SQL(", ").join(rows)))
        self.env.cr.execute(f"ANALYZE pg_temp.{name}")  # pylint: disable=sql-injection

    @api.model
    def _create_table_as(self, name, query):
        self.env.cr.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")  # pylint: disable=sql-injection
        self.env.cr.execute(SQL("CREATE TEMP TABLE %s ON COMMIT DROP AS %s", SQL(name), query))
        self.env.cr.execute(f"ANALYZE pg_temp.{name}")  # pylint: disable=sql-injection

    @api.model
    def _create_items(self, source):
        """`dist_known_item`: code, product_id (empty where several products have it), uom_id."""
        for model in ("product.product", "product.template", "dist.binding", "dist.code.map"):
            self.env[model].flush_model()
        self._create_table_as(
            "dist_known_item",
            SQL(
                """
                WITH named AS (%(named)s)
                SELECT DISTINCT ON (named.code) named.code, template.uom_id,
                       CASE WHEN count(*) OVER (PARTITION BY named.code, named.rank) = 1 THEN product.id END AS
                       product_id
                FROM named JOIN product_product product ON product.id = named.product_id
                JOIN product_template template ON template.id = product.product_tmpl_id
                WHERE template.company_id IS NULL OR template.company_id = %(company)s
                ORDER BY named.code, named.rank
                """,
                named=self._get_named_items(source),
                company=source.company_id.id,
            ),
        )

    @api.model
    def _get_named_items(self, source):
        """:return: SQL that selects code, product_id and rank: a lower one counts before a higher one"""
        if source.kind == "built_in":
            return SQL("SELECT id::varchar AS code, id AS product_id, 1 AS rank FROM product_product")
        return SQL(
            """
            SELECT external_code AS code, res_id AS product_id, 1 AS rank FROM dist_code_map
            WHERE system_id = %(system)s AND domain = 'product' AND res_model = 'product.product'
            UNION ALL
            SELECT external_id, res_id, 2 FROM dist_binding
            WHERE system_id = %(system)s AND res_model = 'product.product'
            UNION ALL
            SELECT default_code, id, CASE WHEN active THEN 3 ELSE 5 END FROM product_product WHERE default_code <> ''
            UNION ALL
            SELECT barcode, id, CASE WHEN active THEN 4 ELSE 6 END FROM product_product WHERE barcode <> ''
            """,
            system=source.system_id.id,
        )

    @api.model
    def _get_warehouses(self, source):
        """:return: list of (code, warehouse id, whether the source may plan it)"""
        warehouses = self.env["stock.warehouse"].search([("company_id", "=", source.company_id.id)])
        allowed = source._get_warehouses()
        if source.kind == "built_in":
            codes = {str(warehouse.id): warehouse.id for warehouse in warehouses}
        else:
            codes = {warehouse.code: warehouse.id for warehouse in warehouses}
            codes.update(self._get_mapped(source, "warehouse", warehouses))
        return [(code, warehouse_id, warehouse_id in allowed.ids) for code, warehouse_id in codes.items()]

    @api.model
    def _get_mapped(self, source, domain, records):
        """:return: dict, code of the source's system to id, for those of the given records"""
        codes = self.env["dist.code.map"].search(
            [
                ("system_id", "=", source.system_id.id),
                ("domain", "=", domain),
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
            ]
        )
        return {code.external_code: code.res_id for code in codes}

    @api.model
    def _get_units(self, source):
        """:return: (list of (code, id of a product's unit, how many of it the code's unit makes), set of all codes)"""
        self.env.cr.execute("SELECT DISTINCT uom_id FROM product_template WHERE uom_id IS NOT NULL")
        own_units = self.env["uom.uom"].browse([row[0] for row in self.env.cr.fetchall()])
        units = self.env["uom.uom"].with_context(active_test=False).search([])
        if source.kind == "built_in":
            named = [(str(unit.id), unit) for unit in units]
        else:
            mapped = self._get_mapped(source, "unit", units)
            # in English, and as exports call them
            languages = ["en_US", source.company_id.partner_id.lang or "en_US"]
            named = [(unit.name, unit) for lang in languages for unit in units.with_context(lang=lang)]
            # what a person said it means comes last and counts
            named += [(code, units.browse(unit_id)) for code, unit_id in mapped.items()]
        factors = {
            (code, own.id): unit._compute_quantity(1.0, own, round=False)
            for code, unit in named
            for own in own_units
            if is_same_kind(unit, own)
        }
        return [(*key, factor) for key, factor in factors.items()], {code for code, _unit in named}

    @api.model
    def _create_suppliers(self, source):
        """`dist_known_supplier`: code, partner_id (empty where several have it)."""
        if source.kind == "built_in":
            named = SQL("SELECT id::varchar AS code, id AS partner_id, 1 AS rank FROM res_partner")
        else:
            named = SQL(
                """
                SELECT external_code AS code, res_id AS partner_id, 1 AS rank FROM dist_code_map
                WHERE system_id = %(system)s AND domain = 'supplier' AND res_model = 'res.partner'
                UNION ALL
                SELECT external_id, res_id, 2 FROM dist_binding
                WHERE system_id = %(system)s AND res_model = 'res.partner'
                UNION ALL
                SELECT ref, id, 3 FROM res_partner WHERE ref <> '' AND active
                UNION ALL
                -- as exports call those that have no reference
                SELECT 'P' || id, id, 4 FROM res_partner WHERE active
                """,
                system=source.system_id.id,
            )
        self._create_table_as(
            "dist_known_supplier",
            SQL(
                """
                WITH named AS (%(named)s)
                SELECT DISTINCT ON (named.code) named.code,
                       CASE WHEN count(*) OVER (PARTITION BY named.code, named.rank) = 1 THEN partner.id END AS
                       partner_id
                FROM named JOIN res_partner partner ON partner.id = named.partner_id
                WHERE partner.company_id IS NULL OR partner.company_id = %(company)s
                ORDER BY named.code, named.rank
                """,
                named=named,
                company=source.company_id.id,
            ),
        )
