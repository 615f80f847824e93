from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError


class DistMessageType(models.Model):
    """One kind of message of the catalogue, with its versions."""

    _name = "dist.message.type"
    _description = "Message type"
    _inherit = ["dist.cached.mixin", "dist.guarded.mixin"]
    _order = "code"
    _rec_names_search = ["name", "code"]

    code = fields.Char(required=True, help="domain.event, such as order.submit or shipment.confirmed.")
    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True)
    domain = fields.Char(compute="_compute_domain", store=True)
    direction = fields.Selection([("in", "Inbound"), ("out", "Outbound")], required=True)
    record_always = fields.Boolean(
        string="Record without subscribers",
        help="Keep events of this type even while nobody is subscribed, so that they can be replayed later.",
    )
    sensitive_paths = fields.Char(
        help="Comma-separated paths masked on screen, such as customer.email, lines[].price.",
    )
    version_ids = fields.One2many("dist.message.type.version", "message_type_id")
    flow_ids = fields.One2many("dist.flow", "message_type_id")

    _sql_constraints = [("code_uniq", "unique(code)", "This message type exists already.")]

    @api.depends("code")
    def _compute_domain(self):
        for message_type in self:
            message_type.domain = (message_type.code or "").split(".")[0]

    @api.depends("code", "name")
    @api.depends_context("dist_short_name")
    def _compute_display_name(self):
        short = self.env.context.get("dist_short_name")
        for message_type in self:
            message_type.display_name = (
                message_type.name if short else f"{message_type.name} ({message_type.code})"
            )

    @api.constrains("code", "direction")
    def _check_implementation(self):
        for message_type in self:
            kind = "handler" if message_type.direction == "in" else "serializer"
            if f"dist.{kind}.{message_type.code}" not in self.env:
                raise ValidationError(
                    _("Nothing in the installed addons can work with message type %s.", message_type.code)
                )

    @api.model
    def _get_by_code(self, code):
        """:return: the message type of this code; empty when there is none"""
        return self.sudo().browse(self._get_ids_cached(code))

    @api.model
    @tools.ormcache("code")
    def _get_ids_cached(self, code):
        return self.sudo().search([("code", "=", code)], limit=1).ids

    @api.model
    @tools.ormcache("code")
    def _get_by_code_cached(self, code):
        """:return: dict with ``id`` and ``version_id`` (the default version's) of a type"""
        message_type = self._get_by_code(code)
        return {"id": message_type.id, "version_id": message_type._get_default_version().id or None}

    @api.model
    @tools.ormcache("type_id")
    def _get_code_cached(self, type_id):
        return self.sudo().browse(type_id).code

    def _get_default_version(self):
        """Version used when neither flow nor caller names one: the oldest that is active, so that publishing a
        new one changes nothing for those who never asked for it.
        """
        return self.version_ids.browse(self._get_default_version_ids_cached(self.id))

    @api.model
    @tools.ormcache("type_id")
    def _get_default_version_ids_cached(self, type_id):
        versions = self.sudo().browse(type_id).version_ids.sorted("number")
        return (versions.filtered(lambda version: version.state == "active") or versions)[:1].ids

    def _get_sensitive_paths(self):
        return [path.strip() for path in (self.sensitive_paths or "").split(",") if path.strip()]
