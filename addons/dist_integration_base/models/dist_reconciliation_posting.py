from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from .dist_message import CHANNELS

POSTED_AT_ONCE = 500


class DistReconciliationLine(models.Model):
    """Taking approved variances over into Odoo, each once."""

    _inherit = "dist.reconciliation.line"

    def action_post(self):
        """Correct Odoo by approved variances; very many in jobs.

        :raises UserError: one is not approved, or there is nothing in Odoo to correct
        """
        self._check_may_settle()
        self._check_states(("approved",), _("Only approved variances are posted."))
        wrong = self.filtered(lambda line: not line._is_postable())
        if wrong:
            raise UserError(_("Nothing can be posted for: %s", wrong._get_names()))
        if len(self) > POSTED_AT_ONCE:
            self._enqueue_posting()
        else:
            self._post()
        return True

    def _enqueue_posting(self):
        for ids in split_every(POSTED_AT_ONCE, self.ids):
            self.browse(ids).with_delay(
                channel=CHANNELS["bulk"], description=_("Post %s variances", len(ids))
            )._job_post(self.env.uid)

    def _job_post(self, user_id):
        """Job: post what is still approved.

        :param user_id: who asked for it
        """
        self.with_user(user_id).sudo()._post()

    def _post(self):
        """Post the lines that are still approved. Who comes second in a race finds none."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id FROM dist_reconciliation_line WHERE id IN %s AND state = 'approved' ORDER BY id FOR UPDATE",
            (tuple(self.ids) or (0,),),
        )
        lines = self.sudo().browse([row[0] for row in self.env.cr.fetchall()])
        for profile in lines.profile_id:
            own = lines.filtered(lambda line, profile=profile: line.profile_id == profile)
            own._post_profile(profile)
        lines._refresh_exceptions()

    def _post_profile(self, profile):
        domain = profile.sudo()._get_domain().with_company(profile.company_id)
        records = domain._post_variance(self)
        posted = {"state": "posted", "posted_at": fields.Datetime.now(), "posted_by_id": self.env.uid}
        self.write(posted)
        self._note_corrections(records)
        self._audit_decision("posted")

    def _note_corrections(self, records):
        """Keep what corrected each line, in one statement: each line has another one.

        :param records: dict, line id to record
        """
        self.flush_recordset()
        self.env.cr.execute(
            """
            UPDATE dist_reconciliation_line line SET posted_model = made.model, posted_res_id = made.res_id
            FROM unnest(%s::integer[], %s::varchar[], %s::integer[]) AS made (line_id, model, res_id)
            WHERE line.id = made.line_id
            """,
            (
                list(records),
                [record._name for record in records.values()],
                [record.id for record in records.values()],
            ),
        )
        self.invalidate_recordset(["posted_model", "posted_res_id"])


class DistReconciliation(models.Model):
    _inherit = "dist.reconciliation"

    @api.model
    def _get_small_condition(self):
        """:return: text, why a variance was posted without a person"""
        return _("Within tolerance and alike in two snapshots")

    def _post_small(self):
        """Have variances posted that need nobody: within tolerance, of little value, alike in two snapshots."""
        profile = self.profile_id
        if not profile.auto_post or not profile.can_post:
            return
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE dist_reconciliation_line SET state = 'approved', explanation = %s, approved_at = %s
            WHERE run_id = %s AND state = 'within' AND seen_before AND value_at_risk <= %s
              AND problem IS NULL AND res_id IS NOT NULL AND variance <> 0
            RETURNING id
            """,
            (self._get_small_condition(), fields.Datetime.now(), self.id, profile.auto_post_limit),
        )
        lines = self.env["dist.reconciliation.line"].browse([row[0] for row in self.env.cr.fetchall()])
        lines.invalidate_recordset()
        lines._enqueue_posting()
