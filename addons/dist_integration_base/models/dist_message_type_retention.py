from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..lib.errors import IntegrationError
from ..lib.masking import mask
from .dist_message_retention import check_days


class DistMessageType(models.Model):
    _inherit = "dist.message.type"

    retention_days = fields.Integer(
        string="Keep content (days)", help="Where the flow does not say otherwise. 0: as in the settings."
    )
    personal_paths = fields.Char(
        help="Comma-separated paths of personal data, which can be erased for a person; such as customer.name, "
        "customer.email. Empty: the masked paths."
    )

    _sql_constraints = [
        (
            "retention_range",
            "CHECK(retention_days BETWEEN 0 AND 36500)",
            "Content is kept for 0 to 36500 days; 0 leaves it to the next policy.",
        ),
    ]

    @api.constrains("retention_days")
    def _check_retention_days(self):
        for record in self:
            check_days(record.retention_days)

    def _get_personal_paths(self):
        """:return: list of paths of values that tell of a person"""
        paths = [path.strip() for path in (self.personal_paths or "").split(",") if path.strip()]
        return paths or self._get_sensitive_paths()

    @api.constrains("personal_paths", "sensitive_paths")
    def _check_paths(self):
        for message_type in self:
            try:
                mask({}, [*message_type._get_personal_paths(), *message_type._get_sensitive_paths()])
            except IntegrationError as error:
                raise ValidationError(str(error)) from error
