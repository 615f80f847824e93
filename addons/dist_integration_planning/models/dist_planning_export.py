from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.models.dist_message import CHANNELS

from .dist_planning_source import BUCKETS


class DistPlanningExport(models.Model):
    """What a planning source was told at one moment: files, made of one snapshot of the database."""

    _name = "dist.planning.export"
    _description = "Planning export"
    _inherit = ["dist.company.mixin", "dist.kept.mixin", "dist.run.mixin"]
    _order = "id desc"

    name = fields.Char(required=True, readonly=True, index=True)
    source_id = fields.Many2one(
        "dist.planning.source", required=True, readonly=True, ondelete="restrict", index=True
    )
    system_id = fields.Many2one(related="source_id.system_id", store=True)
    company_id = fields.Many2one(related="source_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [("full", "Everything"), ("delta", "Changes since the one before")],
        required=True,
        default="full",
        readonly=True,
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("running", "Being made"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="queued",
        readonly=True,
        index=True,
    )
    previous_id = fields.Many2one(
        "dist.planning.export",
        string="Follows",
        readonly=True,
        ondelete="set null",
        help="What it tells the changes against.",
    )
    bucket = fields.Selection(BUCKETS, readonly=True)
    scope = fields.Char(readonly=True, help="Periods and warehouses that it is about.")
    history_version = fields.Integer(
        string="Update of the history", readonly=True, help="Number of the last update that it tells of."
    )
    watermark = fields.Char(
        compute="_compute_watermark", help="Up to what it tells: the export after it goes on from there."
    )
    moment = fields.Datetime(string="As of", readonly=True)
    started_at = fields.Datetime(readonly=True)
    finished_at = fields.Datetime(readonly=True)
    progress_ids = fields.One2many("dist.planning.export.progress", "run_id", string="Stages")
    stage = fields.Char(compute="_compute_progress")
    progress = fields.Float(compute="_compute_progress")
    row_count = fields.Integer(string="Rows", readonly=True)
    size = fields.Float(string="Bytes", digits=(16, 0), readonly=True)
    left_out_count = fields.Integer(
        string="Items left out",
        readonly=True,
        help="Products in stock without an internal reference, or with that of another one: files cannot name them.",
    )
    manifest = fields.Json(readonly=True, help="The files with their rows, sizes and SHA-256.")
    error = fields.Text(readonly=True)
    file_ids = fields.One2many("dist.planning.export.file", "export_id", string="Files", readonly=True)
    request_ids = fields.One2many(
        "dist.planning.export.request", "export_id", string="Requests", readonly=True
    )
    purged_at = fields.Datetime(string="Files removed", readonly=True)

    _sql_constraints = [
        ("name_uniq", "unique(company_id, name)", "There is an export of this number already.")
    ]

    @api.depends("history_version", "state")
    def _compute_watermark(self):
        for export in self:
            export.watermark = f"{export.name}/{export.history_version}" if export.state == "done" else False

    @api.depends("progress_ids.percent", "state")
    def _compute_progress(self):
        for export in self:
            noted = export.progress_ids[:1]
            export.stage = noted.stage if export.state == "running" else False
            export.progress = 100.0 if export.state == "done" else noted.percent

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["name"] = self.env["ir.sequence"].next_by_code(self._name)
        return super().create(vals_list)

    @api.model
    def _check_kept(self, names):
        # a number is given, nobody chooses one
        return super()._check_kept(set(names) - {"name"})

    def _enqueue(self):
        self.write({"state": "queued", "error": False})
        for export in self:
            export.with_delay(
                channel=CHANNELS["bulk"],
                identity_key=export._get_identity_key(),
                description=_("Export for planning: %s", export.name),
            )._job_run()

    def _get_identity_key(self):
        return f"dist-planning-export:{self.id}"

    def action_retry(self):
        """Make an export again that failed."""
        self._check_may_act()
        if any(export.state != "failed" for export in self):
            raise UserError(_("Only what failed is tried again."))
        self.sudo()._enqueue()
        return True

    def action_cancel(self):
        """Take back an export that was not begun, or failed."""
        self._check_may_act()
        if any(export.state not in ("queued", "failed") for export in self):
            raise UserError(_("An export that is under way or done is not cancelled."))
        self.sudo().write({"state": "cancelled"})
        self.sudo()._close_exceptions()
        return True

    def action_view_left_out(self):
        """Open the products that files cannot name."""
        self.env.cr.execute(
            """
            SELECT product.id FROM product_product AS product
            WHERE EXISTS (
                SELECT FROM stock_quant AS quant
                JOIN stock_location AS place ON place.id = quant.location_id AND place.usage = 'internal'
                WHERE quant.product_id = product.id AND quant.company_id = %s)
              AND (COALESCE(product.default_code, '') = '' OR EXISTS (
                SELECT FROM product_product AS other
                WHERE other.default_code = product.default_code AND other.id <> product.id AND other.active))
            """,
            (self.company_id.id,),
        )
        return {
            "type": "ir.actions.act_window",
            "name": _("Items left out"),
            "res_model": "product.product",
            "view_mode": "tree,form",
            "domain": [("id", "in", [row[0] for row in self.env.cr.fetchall()])],
            "context": {"active_test": False},
        }

    def _check_may_act(self):
        """:raises AccessError: who may not have a source's data exported"""
        self.source_id.check_access_rights("write")
        self.source_id.check_access_rule("write")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(export.state in ("running", "done") for export in self):
            raise UserError(_("What a planning source was told is kept as evidence."))

    # what went before

    def _get_previous(self):
        """:return: the last export of the source, which changes are told against; empty when there is none"""
        return self.search(
            [("source_id", "=", self.source_id.id), ("state", "=", "done"), ("id", "!=", self.id)],
            order="finished_at desc, id desc",
            limit=1,
        )

    def _get_known_version(self):
        """:return: number of the last update of the history that the source knows of"""
        if self.kind == "full" or self.previous_id.scope != self.scope:
            return -1
        return self.previous_id.history_version

    def _get_scope(self):
        """:return: text that is another one when other periods or warehouses are planned, or called otherwise"""
        source = self.source_id
        return f"{source.bucket}/{','.join(sorted(source._get_warehouses().mapped('code')))}"

    def _get_file_names(self):
        """:return: dict of what the name of a file may hold"""
        return {
            "export": self.name,
            "source": self.source_id.code,
            "kind": self.kind,
            "date": fields.Date.to_string(self.moment).replace("-", ""),
        }

    # for whoever asks

    def _get_document(self):
        """:return: dict, this export as the API shows it"""
        self.ensure_one()
        document = {
            "export": self.name,
            "source": self.source_id.code,
            "kind": self.kind,
            "status": self.state,
            "requested": self._format(self.create_date),
        }
        if self.state == "running":
            document.update(stage=self.stage or None, percent=f"{self.progress:.0f}")
        if self.state == "failed":
            document["error"] = self.error
        if self.state == "done":
            document["manifest"] = self.manifest
            document["files_kept"] = not self.purged_at
        return document

    @api.model
    def _format(self, moment):
        return fields.Datetime.to_string(moment).replace(" ", "T") + "Z" if moment else None

    # files are not kept for ever

    @api.model
    def _cron_purge(self):
        """Remove files that were kept long enough; their list stays."""
        for source in self.env["dist.planning.source"].with_context(active_test=False).search([]):
            before = fields.Datetime.subtract(fields.Datetime.now(), days=source.export_keep_days)
            old = self.search(
                [
                    ("source_id", "=", source.id),
                    ("state", "=", "done"),
                    ("purged_at", "=", False),
                    ("finished_at", "<", before),
                ]
            )
            old._purge()

    def _purge(self):
        self.file_ids._find_attachments().unlink()
        self.write({"purged_at": fields.Datetime.now()})
