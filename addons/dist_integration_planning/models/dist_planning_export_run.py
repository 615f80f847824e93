import io
import logging
import tempfile

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.tools import SQL

from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.lib.upload import Upload
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost

from ..lib.export_file import BLOCK, ExportFile

_logger = logging.getLogger(__name__)

FAILED = "planning_export_failed"


class DistPlanningExport(models.Model):
    """Making an export: all its files from one snapshot, in one transaction with what is kept of what was told.

    So a row is told once for each change of it, whatever else is committed meanwhile, and a worker that is killed
    leaves nothing behind.
    """

    _inherit = "dist.planning.export"

    def _get_run_lock(self):
        return f"dist.planning.export/{self.source_id.id}"

    def _run(self):
        company_id = self.company_id.id
        try:
            self._note(_("Reckoning the demand history"), 0)
            self.env["dist.message"]._in_own_transaction(
                lambda env: env["dist.planning.history"]._refresh(env["res.company"].browse(company_id))
            )
            with self.env.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {"lang": self._get_language()})
                export = env[self._name].browse(self.id)
                export.with_company(export.company_id)._make()
                env.flush_all()
                cr.commit()  # pylint: disable=invalid-commit  # the files become visible at once
        except Exception as error:  # pylint: disable=broad-except
            if is_connection_lost(error):
                raise
            if not isinstance(error, IntegrationError):
                _logger.exception("Export %s failed", self.name)
            self._record_failure(error)

    def _get_language(self):
        return self.company_id.partner_id.lang or "en_US"

    def _make(self):
        self._begin()
        self._prepare_tables()
        plans = self._get_plans()
        for position, (code, files) in enumerate(plans.items()):
            dataset = self.env[f"dist.planning.dataset.{code}"]
            self._note(dataset._get_name(), 10 + 85 * position / len(plans))
            rows = dataset._prepare(self)
            for plan in files:
                self._write_file(dataset, rows, plan)
            dataset._remember(self)
        self._finish()

    def _begin(self):
        previous = self._get_previous()
        self.write(
            {
                "kind": self.kind if previous else "full",
                "previous_id": previous.id,
                "bucket": self.source_id.bucket,
                "scope": self._get_scope(),
                "history_version": self.env["dist.planning.history.version"]._get_number(self.company_id),
                "moment": fields.Datetime.now(),
            }
        )
        self.env.flush_all()

    def _get_plans(self):
        """:return: dict, code of a dataset to list of how its files are written"""
        plans = {}
        for plan in self.source_id._get_file_plans(self):
            plans.setdefault(plan.dataset, []).append(plan)
        return plans

    # what all datasets name things by

    def _prepare_tables(self):
        self.env.cr.execute("SELECT set_config('work_mem', '256MB', true), set_config('jit', 'off', true)")
        self.env.cr.execute("DROP TABLE IF EXISTS pg_temp.dist_export_item, pg_temp.dist_export_warehouse")
        self.env.cr.execute(self._get_item_table())
        self.env.cr.execute("ALTER TABLE pg_temp.dist_export_item ADD PRIMARY KEY (product_id)")
        self.env.cr.execute(self._get_warehouse_table())
        self.env.cr.execute("ANALYZE pg_temp.dist_export_item")
        self.left_out_count = self._count_left_out()

    def _get_item_table(self):
        """Products by their internal reference. Of those that share one none can be named, unless all others are
        archived.
        """
        return SQL(
            """
            CREATE TEMP TABLE dist_export_item ON COMMIT DROP AS
            SELECT product_id, template_id, category_id, sku, uom_id, unit, active FROM (
                SELECT product.id AS product_id, template.id AS template_id, template.categ_id AS category_id,
                       product.default_code AS sku, template.uom_id, %(unit)s AS unit,
                       product.active AND template.active AS active,
                       rank() OVER (PARTITION BY product.default_code
                                    ORDER BY product.active AND template.active DESC) AS place,
                       count(*) OVER (PARTITION BY product.default_code, product.active AND template.active) AS sharing
                FROM product_product AS product
                JOIN product_template AS template ON template.id = product.product_tmpl_id
                JOIN uom_uom AS uom ON uom.id = template.uom_id
                WHERE COALESCE(template.company_id, %(company)s) = %(company)s AND template.type <> 'service'
                  AND product.default_code <> ''
            ) AS named WHERE place = 1 AND sharing = 1
            """,
            unit=self.env["dist.planning.dataset"]._get_text(SQL("uom.name")),
            company=self.company_id.id,
        )

    def _get_warehouse_table(self):
        warehouses = self.source_id._get_warehouses()
        rows = [
            SQL("(%s, %s, %s)", warehouse.id, warehouse.code, warehouse._dist_get_planning_zone())
            for warehouse in warehouses
        ]
        return SQL(
            "CREATE TEMP TABLE dist_export_warehouse ON COMMIT DROP AS "
            "SELECT * FROM (VALUES %s) AS known (warehouse_id, code, zone)",
            SQL(", ").join(rows or [SQL("(0, '', 'UTC')")]),
        )

    def _count_left_out(self):
        self.env.cr.execute(
            """
            SELECT count(DISTINCT quant.product_id) FROM stock_quant AS quant
            JOIN stock_location AS place ON place.id = quant.location_id AND place.usage = 'internal'
            WHERE quant.company_id = %s AND NOT EXISTS (
                SELECT FROM pg_temp.dist_export_item AS item WHERE item.product_id = quant.product_id)
            """,
            (self.company_id.id,),
        )
        return self.env.cr.fetchone()[0]

    # files

    def _write_file(self, dataset, rows, plan):
        """Have the database write a file, and keep it.

        :param rows: SQL of the dataset's rows
        :param plan: FilePlan
        """
        with tempfile.TemporaryFile() as spooled:
            target = ExportFile(spooled, plan.packed)
            # the driver hands over row by row
            buffer = io.BufferedWriter(target, BLOCK)
            buffer.write(plan.get_head())
            self.env.cr.copy_expert(self._get_copy(plan.get_query(rows), plan.get_options()), buffer)
            count = self.env.cr.rowcount
            buffer.flush()
            checksum = target.finish()
            record = self.env["dist.planning.export.file"].create(
                {
                    "export_id": self.id,
                    "name": plan.name,
                    "dataset": plan.dataset,
                    "row_count": count,
                    "removed_count": self._count_removed(rows) if self.kind == "delta" else 0,
                    "size": target.size,
                    "checksum": checksum,
                    "media_type": plan.media_type,
                    "is_packed": plan.packed,
                }
            )
            self.env["ir.attachment"]._dist_store(
                Upload(spooled, target.size, checksum),
                {
                    "name": plan.name,
                    "mimetype": "application/gzip" if plan.packed else plan.media_type,
                    "res_model": record._name,
                    "res_field": "content",
                    "res_id": record.id,
                    "company_id": self.company_id.id,
                },
            )

    def _get_copy(self, query, options):
        """:return: text of the statement; its values are bound by the driver"""
        bound = self.env.cr.mogrify(query.code, query.params)
        return f"COPY ({bound.decode()}) TO STDOUT WITH ({options})"

    def _count_removed(self, rows):
        self.env.cr.execute(SQL("SELECT count(*) FROM (%s) AS dist_row WHERE removed", rows))
        return self.env.cr.fetchone()[0]

    # the end

    def _finish(self):
        self.write(
            {
                "state": "done",
                "row_count": sum(self.file_ids.mapped("row_count")),
                "size": sum(self.file_ids.mapped("size")),
                "finished_at": fields.Datetime.now(),
            }
        )
        self.manifest = self._prepare_manifest()
        self.file_ids.sorted("id")._dist_emit("planning.export.file")
        self._dist_emit("planning.export.completed")
        self._close_exceptions()

    def _prepare_manifest(self):
        return {
            "export": self.name,
            "source": self.source_id.code,
            "kind": self.kind,
            "previous": self.previous_id.name if self.kind == "delta" else None,
            "watermark": self.watermark,
            "moment": self._format(self.moment),
            "bucket": self.bucket,
            "rows": self.row_count,
            "files": [file._get_entry() for file in self.file_ids.sorted("id")],
        }

    def _note(self, stage, percent):
        self.env["dist.planning.export.progress"]._note(self.id, stage, percent)

    def _record_failure(self, error):
        """State and exception of an export that failed, in a transaction of its own."""
        export_id = self.id
        text = error.detail if isinstance(error, IntegrationError) else f"{type(error).__name__}: {error}"

        def record(env):
            export = env[self._name].browse(export_id)
            export.write({"state": "failed", "error": text[:10_000], "finished_at": fields.Datetime.now()})
            env["dist.exception"]._open_without_message(
                export._prepare_failure(text), export.company_id, system=export.system_id
            )

        self.env["dist.message"]._in_own_transaction(record)

    def _prepare_failure(self, text):
        return ExceptionSpec(
            "technical",
            FAILED,
            _("%(platform)s could not be told: %(export)s", platform=self.source_id.name, export=self.name),
            detail=text[:5_000],
            record=self,
            severity="high",
            suggestion=_("Open the export and use Retry once the cause is removed."),
            fingerprint=f"dist.planning.source/{self.source_id.id}",
        )

    def _close_exceptions(self):
        for source in self.source_id:
            self.env["dist.exception"]._close_without_message([FAILED], f"dist.planning.source/{source.id}")
