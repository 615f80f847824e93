from odoo import api, models


class DistCredential(models.Model):
    _inherit = "dist.credential"

    def _add_version(self, secret):
        result = super()._add_version(secret)
        # the newest comes first
        self.invalidate_recordset(["version_ids"])
        self.env["dist.as2.certificate"].sudo().search(
            [("credential_id", "in", self.ids)]
        )._follow_credentials()
        return result

    @api.model
    def _cron_warn_expiry(self, days=14):
        result = super()._cron_warn_expiry(days)
        self.env["dist.as2.certificate"]._warn_expiry(days)
        return result
