import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..lib.errors import IntegrationError
from ..lib.masking import mask

# what the masked paths hide of business, and which tells of no person
AMOUNT = re.compile(r"(.*\.)?(\w*price|\w*total|totals|amount\w*|taxes)")


class DistMessageType(models.Model):
    _name = "dist.message.type"
    _inherit = ["dist.message.type", "dist.retained.mixin"]

    retention_days = fields.Integer(help="Where the flow does not say otherwise. 0: as in the settings.")
    personal_paths = fields.Char(
        help="Comma-separated paths of personal data, which can be erased for a person; such as customer.name, "
        "customer.email. Empty: the masked paths but those of prices and amounts."
    )

    def _get_personal_paths(self):
        """:return: list of paths of values that tell of a person"""
        paths = [path.strip() for path in (self.personal_paths or "").split(",") if path.strip()]
        return paths or [path for path in self._get_sensitive_paths() if not AMOUNT.fullmatch(path)]

    @api.constrains("personal_paths", "sensitive_paths")
    def _check_paths(self):
        for message_type in self:
            try:
                mask({}, [*message_type._get_personal_paths(), *message_type._get_sensitive_paths()])
            except IntegrationError as error:
                raise ValidationError(str(error)) from error
