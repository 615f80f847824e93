from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ..lib.environment import ENVIRONMENTS
from .dist_change_request import APPROVER

FEWEST_APPROVERS = 2


class ResConfigSettings(models.TransientModel):
    """What the server's configuration says; shown here, set in the configuration file."""

    _inherit = "res.config.settings"

    dist_environment = fields.Char(compute="_compute_dist_environment", string="Running environment")
    dist_environment_state = fields.Selection(
        [("named", "Named"), ("unset", "Not named"), ("wrong", "Wrong")], compute="_compute_dist_environment"
    )
    dist_database_state = fields.Selection(
        [("confirmed", "Confirmed"), ("copy", "Copy"), ("unknown", "Never confirmed")],
        compute="_compute_dist_database_state",
    )
    dist_database_name = fields.Char(compute="_compute_dist_database_state", string="Database")
    dist_change_approval = fields.Boolean(
        string="A second person approves", config_parameter="dist_integration.change_approval"
    )
    dist_retention_days = fields.Integer(
        string="Keep content (days)", config_parameter="dist_integration.retention_days"
    )
    dist_key_count = fields.Integer(compute="_compute_dist_keys", string="Encryption keys")
    dist_key_fingerprints = fields.Char(compute="_compute_dist_keys", string="Fingerprints")

    @api.onchange("dist_change_approval")
    def _onchange_dist_change_approval(self):
        """:return: warning for who turns approval on where a person who asks has nobody to approve"""
        if not self.dist_change_approval or self.env["dist.change.rule"]._is_approval_on():
            return None
        requests = self.env["dist.change.request"]
        companies = self.env["dist.system"].sudo().search([]).company_id or self.env.company
        short = companies.filtered(lambda company: len(requests._find_approvers(company)) < FEWEST_APPROVERS)
        if not short:
            return None
        text = _(
            "Nobody approves an own change: at least two people of each company need the right %(right)s, else some "
            "changes wait for ever. Fewer have it in: %(companies)s.",
            right=self.env.ref(APPROVER).sudo().display_name,
            companies=", ".join(short.mapped("name")),
        )
        return {"warning": {"title": _("Too few people can approve"), "message": text}}

    @api.depends("company_id")
    def _compute_dist_environment(self):
        environment, state = self._get_dist_environment()
        for settings in self:
            settings.dist_environment = environment
            settings.dist_environment_state = state

    def _get_dist_environment(self):
        """:return: (text for the administrator, key of `dist_environment_state`)"""
        try:
            running = self.env["dist.environment"]._get_running_environment()
        except ValueError as error:
            return str(error), "wrong"
        return (dict(ENVIRONMENTS)[running], "named") if running else (_("not named"), "unset")

    @api.depends("company_id")
    def _compute_dist_database_state(self):
        environment = self.env["dist.environment"]
        state = environment._get_database_state()
        for settings in self:
            settings.dist_database_state = state
            settings.dist_database_name = self.env.cr.dbname

    @api.depends("company_id")
    def _compute_dist_keys(self):
        fingerprints = self.env["dist.keyring"]._get_key_fingerprints()
        for settings in self:
            settings.dist_key_count = len(fingerprints)
            settings.dist_key_fingerprints = ", ".join(fingerprints)

    def action_dist_confirm_database(self):
        """G9: from now on systems made for production may be called from this database."""
        if not self.env.is_system():
            raise AccessError(_("Only an administrator confirms the production database."))
        self.env["dist.environment"]._confirm_database()
        return {"type": "ir.actions.client", "tag": "reload"}
