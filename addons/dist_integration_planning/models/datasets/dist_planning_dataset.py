from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL


class DatasetColumn(NamedTuple):
    """A value of each row of a dataset.

    :param name: as in files of ours
    :param kind: ``text``, ``number``, ``integer``, ``flag``, ``date`` or ``moment`` (UTC)
    """

    name: str
    kind: str = "text"


# what is gone since the last export is told by its key and this
REMOVED = DatasetColumn("removed", "flag")


class DistPlanningDataset(models.AbstractModel):
    """What is exported of one subject. One abstract model a dataset, named ``dist.planning.dataset.<code>``.

    A dataset is one query, made of the documents as they are. What changed since the last export is found by comparing
    with what that one said, row by row, by key and hash: so it does not matter when a change was made, when it was
    committed, by what, or in which of the tables behind a row; and what is gone is noticed.
    """

    _name = "dist.planning.dataset"
    _description = "Dataset of planning exports"

    @api.model
    def _get_name(self):
        """:return: what a person calls it"""
        return self._description

    @api.model
    def _get_code(self):
        return self._name.removeprefix("dist.planning.dataset.")

    @api.model
    def _get_columns(self):
        """:return: list of DatasetColumn; the first is ``key``, which names a row for good"""
        raise NotImplementedError

    @api.model
    def _get_query(self, export):
        """:param export: dist.planning.export
        :return: SQL that gives the columns of every row
        """
        raise NotImplementedError

    @api.model
    def _get_export_columns(self):
        """:return: list of DatasetColumn of a file, which also tells what is gone"""
        return [*self._get_columns(), REMOVED]

    # one run of an export

    @api.model
    def _prepare(self, export):
        """Find the rows of an export.

        :return: SQL that gives the columns of a file for each of its rows
        """
        table = self._get_table()
        names = [SQL.identifier(column.name) for column in self._get_columns()]
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", table))
        self.env.cr.execute(
            SQL(
                "CREATE TEMP TABLE %s ON COMMIT DROP AS "
                "SELECT found.*, md5(ROW(%s)::text)::uuid AS digest FROM (%s) AS found",
                table,
                SQL(", ").join(names),
                self._get_query(export),
            )
        )
        self.env.cr.execute(SQL("CREATE UNIQUE INDEX ON %s (key)", table))
        self.env.cr.execute(SQL("ANALYZE %s", table))
        if export.kind == "full":
            return SQL("SELECT %s, FALSE AS removed FROM %s ORDER BY key", SQL(", ").join(names), table)
        return self._get_changed(export, names, table)

    @api.model
    def _get_changed(self, export, names, table):
        nothing = [
            SQL("known.key") if column.name == "key" else SQL("NULL") for column in self._get_columns()
        ]
        return SQL(
            """
            SELECT * FROM (
                SELECT %(names)s, FALSE AS removed FROM %(table)s AS found
                WHERE NOT EXISTS (
                    SELECT FROM dist_planning_export_key AS known
                    WHERE known.source_id = %(source)s AND known.dataset = %(dataset)s
                      AND known.key = found.key AND known.digest = found.digest)
                UNION ALL
                SELECT %(nothing)s, TRUE FROM dist_planning_export_key AS known
                WHERE known.source_id = %(source)s AND known.dataset = %(dataset)s
                  AND NOT EXISTS (SELECT FROM %(table)s AS found WHERE found.key = known.key)
            ) AS changed ORDER BY key
            """,
            names=SQL(", ").join(names),
            nothing=SQL(", ").join(nothing),
            table=table,
            source=export.source_id.id,
            dataset=self._get_code(),
        )

    @api.model
    def _remember(self, export):
        """Keep what this export said, for the next one; in the transaction that makes its files."""
        values = {"source": export.source_id.id, "dataset": self._get_code(), "table": self._get_table()}
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM dist_planning_export_key AS known
                WHERE known.source_id = %(source)s AND known.dataset = %(dataset)s
                  AND NOT EXISTS (SELECT FROM %(table)s AS found WHERE found.key = known.key)
                """,
                **values,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO dist_planning_export_key AS known (source_id, dataset, key, digest)
                SELECT %(source)s, %(dataset)s, key, digest FROM %(table)s
                ON CONFLICT (source_id, dataset, key) DO UPDATE SET digest = EXCLUDED.digest
                WHERE known.digest <> EXCLUDED.digest
                """,
                **values,
            )
        )

    @api.model
    def _get_table(self):
        return SQL.identifier("pg_temp", f"dist_rows_{self._get_code()}")

    # what datasets have in common

    @api.model
    def _get_items(self):
        """:return: SQL of the table of the products that can be named: product_id, template_id, category_id,
        sku, uom_id, unit, active
        """
        return SQL("pg_temp.dist_export_item")

    @api.model
    def _get_warehouses(self):
        """:return: SQL of the table of the warehouses that are exported: warehouse_id, code, zone"""
        return SQL("pg_temp.dist_export_warehouse")

    @api.model
    def _get_text(self, column):
        """:param column: SQL of a translated text, as it is stored
        :return: SQL of the text in the language of the company
        """
        return SQL("COALESCE(%s ->> %s, %s ->> 'en_US')", column, self.env.lang or "en_US", column)

    @api.model
    def _get_partner_code(self, partner):
        """:param partner: alias of res_partner
        :return: SQL of what a supplier or customer is called in files
        """
        return SQL(
            "COALESCE(NULLIF(%s, ''), 'P' || %s)",
            SQL.identifier(partner, "ref"),
            SQL.identifier(partner, "id"),
        )

    @api.model
    def _get_main_supplier(self, company):
        """Who supplies an item first; joined beside ``item`` as ``main``: supplier, delay.

        :param company: res.company
        :return: SQL of a join
        """
        return SQL(
            """
            LEFT JOIN LATERAL (
                SELECT %s AS supplier, info.delay FROM product_supplierinfo AS info
                JOIN res_partner AS partner ON partner.id = info.partner_id
                WHERE info.product_tmpl_id = item.template_id
                  AND (info.product_id IS NULL OR info.product_id = item.product_id)
                  AND (info.company_id IS NULL OR info.company_id = %s)
                ORDER BY info.sequence, info.min_qty DESC, info.price, info.id LIMIT 1
            ) AS main ON TRUE
            """,
            self._get_partner_code("partner"),
            company.id,
        )
