from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn

# what an item is called in the rows of its history
DIGEST = SQL("md5(ROW(item.sku, item.unit)::text)::uuid")


class DistPlanningDatasetHistory(models.AbstractModel):
    """Demand by period. Its rows are too many to compare with what was exported; they carry the number of the update
    that wrote them last. Of an item that is called otherwise than the last time, all is told.
    """

    _name = "dist.planning.dataset.history"
    _inherit = "dist.planning.dataset"
    _description = "Demand history"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("sku"),
            DatasetColumn("warehouse"),
            DatasetColumn("bucket_start", "date"),
            DatasetColumn("bucket"),
            DatasetColumn("calendar"),
            DatasetColumn("unit"),
            DatasetColumn("gross", "number"),
            DatasetColumn("returned", "number"),
            DatasetColumn("net", "number"),
            DatasetColumn("promotion", "number"),
            DatasetColumn("stockout_days", "integer"),
            DatasetColumn("usable", "flag"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT item.sku || '@' || place.code || '@' || history.bucket_start AS key, item.sku,
                   place.code AS warehouse, history.bucket_start, history.bucket, history.calendar, item.unit,
                   history.gross, history.returned, history.net, history.promotion, history.stockout_days,
                   history.usable, FALSE AS removed
            FROM dist_planning_history AS history
            JOIN %(items)s AS item ON item.product_id = history.product_id
            JOIN %(warehouses)s AS place ON place.warehouse_id = history.warehouse_id
            WHERE history.company_id = %(company)s AND history.bucket = %(bucket)s
              AND history.version <= %(present)s AND (history.version > %(version)s OR NOT EXISTS (
                SELECT FROM dist_planning_export_key AS known
                WHERE known.source_id = %(source)s AND known.dataset = 'history'
                  AND known.key = item.product_id::text AND known.digest = %(digest)s))
            """,
            items=self._get_items(),
            warehouses=self._get_warehouses(),
            company=export.company_id.id,
            bucket=export.bucket,
            version=export._get_known_version(),
            present=export.history_version,
            source=export.source_id.id,
            digest=DIGEST,
        )

    @api.model
    def _prepare(self, export):
        return self._get_query(export)

    @api.model
    def _remember(self, export):
        """The export itself says up to which update it tells; here is kept what items were called. One that was left
        out is forgotten: when it can be named again, what changed meanwhile is told as well.
        """
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM dist_planning_export_key AS known
                WHERE known.source_id = %s AND known.dataset = 'history'
                  AND NOT EXISTS (SELECT FROM %s AS item WHERE item.product_id::text = known.key)
                """,
                export.source_id.id,
                self._get_items(),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO dist_planning_export_key AS known (source_id, dataset, key, digest)
                SELECT %s, 'history', item.product_id::text, %s FROM %s AS item
                ON CONFLICT (source_id, dataset, key) DO UPDATE SET digest = EXCLUDED.digest
                WHERE known.digest <> EXCLUDED.digest
                """,
                export.source_id.id,
                DIGEST,
                self._get_items(),
            )
        )
