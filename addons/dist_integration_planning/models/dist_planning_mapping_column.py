from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..lib.translation import JOIN, ColumnRule, check_argument, check_words
from .file_plan import PlannedColumn, convert

# of a name in PostgreSQL, which writes the lines
MAX_NAME = 60


class DistPlanningMappingColumn(models.Model):
    """One column of a platform's file: what it holds of ours, and how it is written."""

    _name = "dist.planning.mapping.column"
    _description = "Column of a planning platform's file"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "file_id, sequence, id"

    file_id = fields.Many2one("dist.planning.mapping.file", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="file_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(
        string="Column there",
        help="In the platform's file. Empty, where a file of the platform says nothing of it: the text is taken. Of "
        "what it tells: several joined with + are put together.",
    )
    field_name = fields.Char(
        string="Column here",
        help="Such as sku. Empty: a column that is left empty, holds the text, or is not read. Of what the platform is "
        "told: several joined with + are put together.",
    )
    conversion = fields.Selection(
        [
            ("none", "As it is"),
            ("decimal_comma", "Number with a decimal comma"),
            ("integer", "Whole number"),
            ("date", "Date of the form"),
            ("flag", "Yes and no as"),
            ("text_around", "With text around it"),
            ("part", "Part of a text"),
            ("item_unit", "Unit of the item"),
        ],
        string="Written",
        required=True,
        default="none",
    )
    argument = fields.Char(
        string="Form",
        help="Dates: DD/MM/YYYY and the like. Yes and no: 1;0. Text: {value} 00:00:00. Part: /2; /-1 is "
        "the last one, /-2 all before it.",
    )
    words = fields.Text(help="A line for each: theirs = ours.")
    constant = fields.Char(string="Text where there is nothing")
    required = fields.Boolean(help="A file of the platform without this column is refused.")

    @api.constrains("name", "field_name", "conversion", "argument", "words", "file_id")
    def _check_column(self):
        for column in self:
            try:
                check_argument(column.conversion, column.argument or "")
                check_words(column.words or "")
            except ValueError as error:
                raise ValidationError(
                    _("%(column)s: %(error)s.", column=column._get_label(), error=error)
                ) from error
            column._check_names()

    def _check_names(self):
        known = {column.name for column in self.file_id._get_known_columns()}
        unknown = [name for name in self._get_field_names() if name not in known]
        if unknown:
            raise ValidationError(
                _(
                    "%(file)s: there is no column %(column)s here. There are: %(known)s.",
                    file=self.file_id.name,
                    column=unknown[0],
                    known=", ".join(sorted(known)),
                )
            )
        if self.file_id.direction == "out" and not self.name and self.file_id._names_columns():
            raise ValidationError(_("%s: a column has a name.", self.file_id.name))
        if len((self.name or "").encode()) > MAX_NAME or set(self.name or "") & set('"%'):
            raise ValidationError(
                _("The name of a column has no quotes, no percent sign and at most 60 bytes: %s", self.name)
            )
        if self.file_id.direction == "in" and len(self._get_field_names()) > 1:
            raise ValidationError(_("%s: a column here is read from theirs, one by one.", self.file_id.name))

    def _get_label(self):
        return self.name or self.field_name or self.constant or ""

    @api.model
    def _get_company_parents(self):
        return ["file_id"]

    def _get_audited_parent(self):
        return self.file_id.mapping_id

    def _get_field_names(self):
        """:return: list of names of columns of ours"""
        return [name.strip() for name in (self.field_name or "").split(JOIN) if name.strip()]

    def _get_planned(self, known):
        """:param known: dict, name to DatasetColumn
        :return: PlannedColumn
        """
        columns = [known[name] for name in self._get_field_names()]
        value = convert(
            columns, self.conversion, self.argument or "", check_words(self.words or ""), self.constant or ""
        )
        kinds = {column.kind for column in columns}
        return PlannedColumn(
            self.name or "", value, is_text=not kinds & {"number", "integer", "date", "moment", "flag"}
        )

    def _get_rule(self, source):
        """:param source: dist.planning.source
        :return: ColumnRule, how this column is read
        """
        words = check_words(self.words or "")
        if self.conversion == "item_unit":
            words = self.file_id._get_item_units(source)
        return ColumnRule(
            target=self.field_name,
            source=self.name or "",
            constant=self.constant or "",
            conversion=self.conversion,
            argument=self.argument or "",
            words=words,
            required=self.required,
        )
