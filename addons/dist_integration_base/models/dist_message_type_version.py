import json

from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools.misc import file_open

from ..lib import schema as json_schema
from ..lib.errors import IntegrationError

NOT_APPLIED_SCHEMA = {
    "type": "array",
    "description": "Values that were left as they are, because another system owns them. The rest was applied.",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["field_group", "owner", "pointers", "detail"],
        "properties": {
            "field_group": {"type": "string", "description": "Such as customer.terms"},
            "owner": {"type": "string", "description": "The system that owns them"},
            "pointers": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Where they are in the message (RFC 6901)",
            },
            "detail": {"type": "string"},
        },
    },
}


class DistMessageTypeVersion(models.Model):
    """A version of a message type: its schema, its answer's schema, and until when it is served."""

    _name = "dist.message.type.version"
    _description = "Message type version"
    _inherit = ["dist.cached.mixin", "dist.guarded.mixin"]
    _order = "message_type_id, number desc"

    message_type_id = fields.Many2one("dist.message.type", required=True, ondelete="cascade", index=True)
    number = fields.Integer(required=True, default=1)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("deprecated", "Deprecated"), ("retired", "Retired")],
        required=True,
        default="draft",
    )
    sunset_date = fields.Date(
        help="From this day on the version is no longer served. Announced in every answer."
    )
    schema_file = fields.Char(help="JSON Schema 2020-12 inside an addon: addon/schemas/name.v1.json.")
    schema_text = fields.Text(help="JSON Schema 2020-12, when it is not a file of an addon.")
    answer_schema_file = fields.Char()
    schema = fields.Text(compute="_compute_schema", string="JSON Schema")
    example = fields.Text(compute="_compute_schema")

    _sql_constraints = [
        ("number_uniq", "unique(message_type_id, number)", "This version exists already."),
        ("number_positive", "CHECK(number > 0)", "Versions are numbered from 1."),
    ]

    @api.depends("message_type_id.code", "number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = f"{version.message_type_id.code} v{version.number}"

    @api.depends("schema_file", "schema_text")
    def _compute_schema(self):
        for version in self:
            schema = version._get_schema()
            examples = schema.get("examples") or []
            version.schema = json.dumps(schema, indent=2)
            version.example = json.dumps(examples[0], indent=2) if examples else False

    def _get_schema(self):
        """:return: JSON Schema as a dict"""
        self.ensure_one()
        if self.schema_file:
            return self._load_schema_file(self.schema_file)
        return json.loads(self.schema_text or "{}")

    def _get_answer_schema(self):
        """:return: schema of the answer, with what every answer may say"""
        self.ensure_one()
        if not self.answer_schema_file:
            return {"type": "object"}
        schema = self._load_schema_file(self.answer_schema_file)
        return {**schema, "properties": {**schema.get("properties", {}), "not_applied": NOT_APPLIED_SCHEMA}}

    @api.model
    @tools.ormcache("path")
    def _load_schema_file(self, path):
        with file_open(path, "r", filter_ext=(".json",)) as stream:
            return json.load(stream)

    def _get_validator(self):
        """:return: compiled validator of this version's schema (cached by content)"""
        return json_schema.compile_schema(self._get_schema())

    @api.constrains("schema_file", "schema_text", "answer_schema_file")
    def _check_schema(self):
        for version in self:
            try:
                json_schema.check_schema(version._get_schema())
                json_schema.check_schema(version._get_answer_schema())
            except (IntegrationError, ValueError, OSError) as error:
                raise ValidationError(
                    _(
                        "The schema of %(version)s cannot be used: %(error)s",
                        version=version.display_name,
                        error=error,
                    )
                ) from error

    def write(self, vals):
        if "schema_text" in vals or "schema_file" in vals:
            for version in self.filtered(lambda version: version._is_in_use()):
                version._check_change(vals)
        return super().write(vals)

    def _is_in_use(self):
        """Whether a flow that moves messages speaks this version."""
        self.ensure_one()
        flows = (
            self.env["dist.flow"]
            .sudo()
            .search(
                [("message_type_id", "=", self.message_type_id.id), ("state", "in", ("active", "deprecated"))]
            )
        )
        return any(flow._get_version() == self for flow in flows)

    def _check_change(self, vals):
        """A version that partners use keeps its meaning: what breaks them comes as a new version.

        :raises ValidationError: names what would break
        """
        changed = self.new({"schema_file": self.schema_file, "schema_text": self.schema_text, **vals})
        try:
            changes = json_schema.breaking_changes(
                self._get_schema(), changed._get_schema(), self.message_type_id.direction
            )
        except (IntegrationError, ValueError, OSError):
            return  # not a schema at all: its own constraint says so
        if changes:
            raise ValidationError(
                _(
                    "%(version)s is in use. Publish a new version instead: %(changes)s",
                    version=self.display_name,
                    changes="; ".join(changes),
                )
            )
