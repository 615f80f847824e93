from odoo import SUPERUSER_ID, api, fields, models

FREQUENCIES = {"daily": "day", "weekly": "week"}


class DistAlertDigest(models.Model):
    """The figures of the dashboard by e-mail, for those who do not look at it every day."""

    _name = "dist.alert.digest"
    _description = "Digest"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    frequency = fields.Selection(
        [("daily", "Every day"), ("weekly", "Every Monday")], required=True, default="daily"
    )
    user_ids = fields.Many2many(
        "res.users", string="People", domain="[('share', '=', False), ('company_ids', 'in', company_id)]"
    )

    @api.model
    def _cron_send(self):
        """Send what is due today."""
        monday = fields.Date.context_today(self).weekday() == 0
        frequencies = ["daily", "weekly"] if monday else ["daily"]
        self.search([("frequency", "in", frequencies)]).action_send()

    def action_send(self):
        """Send the digests now."""
        template = self.env.ref("dist_integration_base.mail_template_digest")
        for digest in self:
            # people may work in companies that the sender does not see
            people = digest.sudo().user_ids.filtered(
                lambda user, company=digest.company_id: user.email and company in user.company_ids
            )
            if people:
                template.with_context(
                    figures=digest._get_figures(), alerts=digest._get_alerts(), lang=people[:1].lang
                ).send_mail(digest.id, email_values={"recipient_ids": [(6, 0, people.partner_id.ids)]})
        return True

    def _get_figures(self):
        dashboard = self.env["dist.dashboard"].with_user(SUPERUSER_ID)
        return dashboard.with_context(allowed_company_ids=self.company_id.ids).get_figures(
            FREQUENCIES[self.frequency]
        )

    def _get_alerts(self):
        firing = [("state", "=", "firing"), ("company_id", "=", self.company_id.id)]
        return self.env["dist.alert"].search(firing).filtered(lambda alert: alert._is_watched())
