import fnmatch

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.transports.base import fill

from ..lib.plan_file import COLUMNS
from ..lib.translation import JOIN, FileRule
from .datasets.dist_planning_dataset import DatasetColumn
from .dist_planning_source_export import CONTENTS
from .file_plan import GONE, FilePlan

DELIMITERS = [(",", "Comma"), (";", "Semicolon"), ("\t", "Tabulator"), ("|", "Bar")]
NAMES = dict.fromkeys(("export", "source", "kind", "date"), "x")


class DistPlanningMappingFile(models.Model):
    """One file of a platform: what it is of, and how it is written or read."""

    _name = "dist.planning.mapping.file"
    _description = "File of a planning platform"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "mapping_id, direction desc, sequence, id"

    mapping_id = fields.Many2one("dist.planning.mapping", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="mapping_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    direction = fields.Selection(
        [("out", "The platform is told"), ("in", "The platform tells")], required=True, default="out"
    )
    name = fields.Char(
        required=True,
        string="File name",
        help="Of a file that the platform is told by: may hold {export}, {source}, {kind} and {date}. Of one that it "
        "tells by: with * for what differs, such as po_*.csv.",
    )
    dataset = fields.Selection(
        selection="_get_datasets", required=True, string="Subject", help="What its rows are of, here."
    )
    content = fields.Selection(CONTENTS, string="Format", required=True, default="csv")
    delimiter = fields.Selection(DELIMITERS, string="Between values", required=True, default=",")
    has_head = fields.Boolean(string="First line names the columns", default=True)
    quoted = fields.Boolean(string="Texts in quotes")
    for_spreadsheet = fields.Boolean(
        string="Opened in a spreadsheet",
        help="Texts that a spreadsheet takes for a formula (=, +, - or @ in front) get an apostrophe in front. Not for "
        "files that a program reads: to it the apostrophe is part of the text.",
    )
    packed = fields.Boolean(string="Packed (gzip)")
    only_column = fields.Char(
        string="Only rows whose",
        help="Column, such as state: ours of what the platform is told, theirs of what it tells.",
    )
    only_values = fields.Char(string="is one of", help="Values separated by commas.")
    stands_alone = fields.Boolean(
        string="One file an order",
        help="Each file takes the place of the one of the same name alone. Otherwise it takes the place of all files "
        "of this kind that came before: what it does not propose any more leaves the list.",
    )
    known_columns = fields.Char(compute="_compute_known_columns", string="Columns here")
    column_ids = fields.One2many("dist.planning.mapping.column", "file_id", string="Columns", copy=True)

    _sql_constraints = [
        ("name_uniq", "unique(mapping_id, direction, name)", "The platform has this file already.")
    ]

    @api.model
    def _get_datasets(self):
        """:return: list of (code, label): what is exported, then what is imported"""
        prefix = "dist.planning.dataset."
        codes = sorted(name.removeprefix(prefix) for name in self.env if name.startswith(prefix))
        exported = [(code, self.env[prefix + code]._get_name()) for code in codes]
        return [
            *exported,
            ("forecast", _("Forecasts")),
            ("parameter", _("Stock parameters")),
            ("proposal", _("Proposals")),
            ("alert", _("Alerts")),
        ]

    @api.depends("dataset", "direction")
    def _compute_known_columns(self):
        for file in self:
            file.known_columns = file.dataset and ", ".join(
                column.name for column in file._get_known_columns()
            )

    @api.constrains("direction", "dataset", "name", "only_column", "column_ids", "has_head", "content")
    def _check_file(self):
        for file in self:
            if (file.direction == "in") != (file.dataset in COLUMNS):
                raise ValidationError(_("%s goes the other way: choose another subject.", file.name))
            file._check_name()
            if file.only_column and file.only_column not in file._get_choosing_columns():
                raise ValidationError(
                    _(
                        "%(file)s: there is no column %(column)s to choose rows by.",
                        file=file.name,
                        column=file.only_column,
                    )
                )
            file._check_required()
            for column in file.column_ids:
                column._check_names()

    def _names_columns(self):
        """:return: whether columns stand in the file by their names"""
        return self.has_head or self.content == "jsonl"

    def _get_choosing_columns(self):
        """:return: names by which rows can be chosen; of a file with a line of names that is told us, any"""
        if self.direction == "out":
            return {column.name for column in self._get_known_columns()}
        return self._get_positions() if self.content == "csv" and not self.has_head else {self.only_column}

    def _check_name(self):
        if "/" in self.name or "\\" in self.name or self.name.startswith("."):
            raise ValidationError(_("A file name has no slash and no dot in front: %s", self.name))
        if self.direction == "out":
            try:
                fill(self.name, NAMES)
            except IntegrationError as error:
                raise ValidationError(
                    _("%(file)s: %(reason)s", file=self.name, reason=error.detail)
                ) from error

    def _check_required(self):
        """A file that the platform tells by names all that a row needs."""
        if self.direction != "in" or not self.column_ids:
            return
        given = set(self.column_ids.mapped("field_name"))
        missing = [
            column.name for column in COLUMNS[self.dataset] if column.required and column.name not in given
        ]
        if missing:
            raise ValidationError(
                _("%(file)s says nothing of: %(columns)s.", file=self.name, columns=", ".join(missing))
            )

    @api.model
    def _get_company_parents(self):
        return ["mapping_id"]

    def _get_audited_parent(self):
        return self.mapping_id

    def _get_known_columns(self):
        """:return: list of columns (DatasetColumn) of ours that a file of this subject can hold"""
        self.ensure_one()
        if self.dataset in COLUMNS:
            return [DatasetColumn(column.name) for column in COLUMNS[self.dataset]]
        return self.env[f"dist.planning.dataset.{self.dataset}"]._get_export_columns()

    # what the platform is told

    def _get_plan(self, export):
        """:return: FilePlan of this file in an export"""
        known = {column.name: column for column in self._get_known_columns()}
        names = {name for column in self.column_ids for name in column._get_field_names()}
        gone = self._get_gone() if "removed" in names and export.kind == "delta" else None
        if gone:
            known["removed"] = GONE
        return FilePlan(
            name=fill(self.name, export._get_file_names()),
            dataset=self.dataset,
            columns=[column._get_planned(known) for column in self.column_ids],
            content=self.content,
            packed=self.packed,
            delimiter=self.delimiter,
            has_head=self.has_head,
            quoted=self.quoted,
            for_spreadsheet=self.for_spreadsheet,
            condition=SQL("TRUE") if gone else SQL("NOT removed AND %s", self._get_choice()),
            gone=gone,
        )

    def _get_gone(self):
        """:return: SQL of whether a row of changes is gone for this file: removed, or not among its rows any more"""
        return SQL("removed OR (%s) IS NOT TRUE", self._get_choice())

    def _get_choice(self):
        """:return: SQL condition on the rows of this file"""
        if not self.only_column:
            return SQL("TRUE")
        return SQL("%s::text = ANY(%s)", SQL.identifier(self.only_column), self._get_only_values())

    def _get_only_values(self):
        return [value.strip() for value in (self.only_values or "").split(",")]

    # what the platform tells

    def _is_named(self, name):
        """:return: whether a file that came is this one, packed or not"""
        plain = name.removesuffix(".gz")
        return fnmatch.fnmatch(plain, self.name.removesuffix(".gz"))

    def _get_scope(self, name):
        """:param name: of a file that came
        :return: what it is the newest version of
        """
        return (name if self.stands_alone else self.name).removesuffix(".gz")

    def _get_rule(self, source):
        """:param source: dist.planning.source
        :return: FileRule, how this file of the platform is read
        """
        self.ensure_one()
        return FileRule(
            columns=[column._get_rule(source) for column in self.column_ids.filtered("field_name")],
            content=self.content,
            delimiter=self.delimiter,
            positions=() if self.has_head else self._get_positions(),
            only_column=self.only_column or "",
            only_values=self._get_only_values(),
        )

    def _get_positions(self):
        """:return: list of names of the columns of a file without a line of names: those that stand by themselves"""
        names = [name for name in self.column_ids.mapped("name") if name and JOIN not in name]
        return list(dict.fromkeys(names))

    @api.model
    def _get_item_units(self, source):
        """:return: dict, whatever the source may call an item by to the name of the unit in which it is counted here"""
        self.env["dist.planning.codes"]._create_items(source)
        self.env.cr.execute(
            SQL(
                "SELECT item.code, %s FROM dist_known_item item JOIN uom_uom unit ON unit.id = item.uom_id",
                self.env["dist.planning.dataset"]._get_text(SQL("unit.name")),
            )
        )
        return dict(self.env.cr.fetchall())
