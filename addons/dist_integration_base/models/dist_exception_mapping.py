from odoo import _, api, models
from odoo.exceptions import UserError

from .dist_exception import UNSOLVED
from .dist_message import CHANNELS


class DistException(models.Model):
    """What an unknown code means: a person says it once, and what waits for it goes on."""

    _inherit = "dist.exception"

    def action_fix_mapping(self):
        """Say what the unknown code means, then replay every message that waits for it.

        :raises UserError: the exception is closed, or about no code
        """
        self.ensure_one()
        self._check_open()
        self._check_each(_("There is no code to explain in:"), lambda exception: exception.can_fix_mapping)
        return self.env["dist.mapping.fix"]._open(self)

    def _save_mapping(self, record, value):
        """Save what the unknown code means, in a transaction of its own, so that the replay sees it.

        :param record: record the code stands for, or None
        :param value: text it stands for, or None
        :raises UserError: the code cannot mean that, or means something else already
        """
        self.ensure_one()
        exception_id, user_id = self.id, self.env.uid
        model, record_id = (record._name, record.id) if record else (None, None)

        def save(env):
            exception = env["dist.exception"].with_user(user_id).sudo().browse(exception_id)
            exception._write_mapping(exception.env[model].browse(record_id) if model else None, value)

        self.env["dist.message"]._in_own_transaction(save)

    def _write_mapping(self, record, value):
        """Write the row of the code map; one that leads nowhere is replaced."""
        misfit = self._get_misfit(record or value)
        if misfit:
            raise UserError(misfit)
        rows = self.env["dist.code.map"].with_context(dist_by_person=True)
        known = rows._find_row(self.system_id, self.mapping_domain, self.external_code)
        values = {
            "res_model": record._name if record else False,
            "res_id": record.id if record else False,
            "value": value or False,
        }
        if not known:
            key = {
                "system_id": self.system_id.id,
                "domain": self.mapping_domain,
                "external_code": self.external_code,
            }
            rows.create({**key, **values})
        elif not self._find_working_code():
            known.write(values)
        elif known._get_meaning() != (record or value):
            raise UserError(
                _(
                    "%(code)s means %(meaning)s already. Open Fix mapping again to replay with that meaning.",
                    code=self.external_code,
                    meaning=known.sudo(False).meaning,
                )
            )

    @api.model
    def _find_waiting_for(self, code):
        """:return: dist.exception, unsolved ones about a code of the code map"""
        return self.search(
            [
                ("system_id", "=", code.system_id.id),
                ("mapping_domain", "=", code.domain),
                ("external_code", "=", code.external_code),
                ("state", "in", UNSOLVED),
            ]
        )

    def _enqueue_replay_mapped(self):
        self.ensure_one()
        self.with_delay(
            channel=CHANNELS["normal"], description=_("Replay what waited for %s", self.external_code)
        )._job_replay_mapped(self.env.uid)

    def _job_replay_mapped(self, user_id):
        """Job: replay what waited for a code that was explained.

        :param user_id: who explained it
        """
        exception = self.with_user(user_id).sudo()
        self.env["dist.audit.entry"]._add("mapped", exception, user_id=user_id)
        exception._note_action("mapped")
        exception._retry_stuck()

    def _find_working_code(self):
        """:return: dist.code.map of the code of this exception; empty when there is none, or it leads nowhere"""
        self.ensure_one()
        code = self.env["dist.code.map"]._find_row(self.system_id, self.mapping_domain, self.external_code)
        meaning = code._get_meaning() if code else None
        return code if meaning and not self._get_misfit(meaning) else code.browse()

    def _get_misfit(self, meaning):
        """Why a code cannot stand for something. Addons that know more about what a code counts or names add to it.

        :param meaning: record, or text
        :return: sentence for the person who chose it; False when the code can stand for it
        """
        self.ensure_one()
        expected = self.mapping_model and self.env["ir.model"]._get(self.mapping_model).name
        if isinstance(meaning, str) or not expected:
            if expected:
                return _(
                    "%(code)s stands for a record of %(model)s, not for a text.",
                    code=self.external_code,
                    model=expected,
                )
            return False
        name = meaning.sudo().exists().display_name
        if not name:
            return _("What was chosen for %s does not exist any more.", self.external_code)
        values = {"name": name, "code": self.external_code, "model": expected}
        if meaning._name != self.mapping_model:
            return _(
                "%(name)s cannot be what %(code)s stands for: a record of %(model)s is needed.", **values
            )
        if "active" in meaning._fields and not meaning.sudo().active:
            return _("%(name)s is archived, so %(code)s cannot stand for it.", **values)
        if not meaning._dist_filter_of(self.company_id):
            return _("%(name)s belongs to another company, so %(code)s cannot stand for it.", **values)
        return False
