from odoo import _, api, models
from odoo.tools import config

from ..lib.environment import may_call, normalize_environment

DATABASE_PARAMETER = "dist_integration.database_name"


class DistEnvironment(models.AbstractModel):
    """What the server's configuration says about where this database runs."""

    _name = "dist.environment"
    _description = "Environment of the server"

    @api.model
    def _get_running_environment(self):
        """:return: key of ENVIRONMENTS, or None when `running_env` is unset"""
        return normalize_environment(config.get("running_env"))

    @api.model
    def _get_mismatch(self, system_environment):
        """Why a system of this environment must not be called from here.

        A copy of the production database restored beside it has the right `running_env` but another name,
        so the name recorded at installation has to match as well.

        :param system_environment: key of ENVIRONMENTS
        :return: a sentence, or False when the call may leave
        """
        try:
            running = self._get_running_environment()
        except ValueError as error:
            return _("The server's configuration is wrong: %s", error)
        if not may_call(system_environment, running):
            return _(
                "Made for %(made_for)s, but this server runs as %(running)s.",
                made_for=system_environment,
                running=running or _("an unnamed, non-production environment"),
            )
        if system_environment == "production" and self._is_copy():
            return _("This database is a copy: its name is not the one recorded for production.")
        return False

    @api.model
    def _is_copy(self):
        recorded = self.env["ir.config_parameter"].sudo().get_param(DATABASE_PARAMETER)
        return bool(recorded) and recorded != self.env.cr.dbname

    @api.model
    def _get_database_state(self):
        """:return: ``confirmed``, ``copy``, or ``unknown`` when no name was ever recorded"""
        recorded = self.env["ir.config_parameter"].sudo().get_param(DATABASE_PARAMETER)
        if not recorded:
            return "unknown"
        return "copy" if self._is_copy() else "confirmed"

    @api.model
    def _confirm_database(self):
        """Record this database's name as the one whose production systems may be called."""
        self.env["ir.config_parameter"].sudo().set_param(DATABASE_PARAMETER, self.env.cr.dbname)
