from odoo import _, api, fields, models

PREFIX = "_compensate_"


class DistCompensation(models.AbstractModel):
    """What is done when a step of a process is refused: one method ``_compensate_<code>(milestone)`` each.

    Addons add theirs by inheritance; the first line of the docstring is its name on screen. A method runs once for a
    milestone, in one transaction with the record of it; when it raises, nothing of it is kept.
    """

    _name = "dist.compensation"
    _description = "Compensation"

    @api.model
    def _get_codes(self):
        """:return: list of (code, label)"""
        names = sorted(name for name in dir(type(self)) if name.startswith(PREFIX))
        return [
            (name.removeprefix(PREFIX), (getattr(type(self), name).__doc__ or name).strip().split("\n")[0])
            for name in names
        ]

    @api.model
    def _compensate_activity(self, milestone):
        """Ask the person responsible"""
        document = milestone._get_document()
        user = milestone.step_id.escalation_user_id or document._fields.get("user_id") and document.user_id
        document.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=_("Refused: %s", milestone.step_id.name),
            user_id=(user or self.env.user).id,
            date_deadline=fields.Date.context_today(self),
        )
