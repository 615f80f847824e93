import re

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..lib.errors import IntegrationError
from ..lib.masking import Masking, mask
from .dist_masked_mixin import CLEAR

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

    def write(self, vals):
        self._check_unmasking(vals)
        return super().write(vals)

    def _check_unmasking(self, vals):
        """Whoever takes masking away, or narrows it, sees content in clear from then on.

        :raises AccessError: the user may not see it in clear
        """
        if "sensitive_paths" not in vals or self.env.su or self.env.user.has_group(CLEAR):
            return
        for message_type in self:
            shown = message_type._get_unmasked_paths(message_type.new(vals)._get_sensitive_paths())
            if shown:
                raise AccessError(
                    _(
                        "Masking can be added to. To take it away from %(paths)s takes the right to see content in "
                        "clear (%(right)s): an administrator gives it.",
                        paths=", ".join(shown),
                        right=self.env.ref(CLEAR).sudo().display_name,
                    )
                )

    def _get_unmasked_paths(self, paths):
        """:return: list of the masked paths that are not hidden any more when these ones are"""
        try:
            masking = Masking(paths)
            return [path for path in self._get_sensitive_paths() if not masking.is_hidden(path)]
        except IntegrationError as error:
            raise ValidationError(str(error)) from error
