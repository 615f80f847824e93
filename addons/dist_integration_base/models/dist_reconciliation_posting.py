from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from ..lib.errors import IntegrationError
from ..lib.handling import ExceptionSpec
from .dist_message import CHANNELS

POSTED_AT_ONCE = 500
TOLD_AT_ONCE = 20


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
        """Job: post what is still approved; somebody is told of what cannot be.

        :param user_id: who asked for it
        """
        failed = self.browse()
        for line, text in self.with_user(user_id).sudo()._post_halves():
            line.posting_problem = text
            failed |= line
        for run in failed.run_id:
            run._open_exception(run._prepare_not_posted())

    def _post_halves(self):
        """Post the lines together; after a failure each half by itself, down to the line that fails.

        :return: list of (line, why it cannot be posted)
        """
        try:
            with self.env.cr.savepoint():
                self._post()
        except (IntegrationError, UserError) as error:
            if len(self) == 1:
                return [(self, str(error))]
            middle = len(self) // 2
            return self[:middle]._post_halves() + self[middle:]._post_halves()
        return []

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
        self.write(self._prepare_posted())
        self._note_corrections(records)
        self._audit_decision("posted")

    def _prepare_posted(self):
        return {
            "state": "posted",
            "posted_at": fields.Datetime.now(),
            "posted_by_id": self.env.uid,
            "posting_problem": False,
        }

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
            SELECT id FROM dist_reconciliation_line
            WHERE run_id = %s AND state = 'within' AND seen_before AND value_at_risk <= %s
              AND problem IS NULL AND res_id IS NOT NULL AND variance <> 0
            ORDER BY id
            """,
            (self.id, profile.auto_post_limit),
        )
        found = self.env["dist.reconciliation.line"].browse([row[0] for row in self.env.cr.fetchall()])
        lines = found.filtered(lambda line: line._is_postable())
        lines.write(
            {
                "state": "approved",
                "explanation": self._get_small_condition(),
                "approved_at": fields.Datetime.now(),
            }
        )
        lines._enqueue_posting()

    def _prepare_not_posted(self):
        """What no job could post so far: several jobs may post the variances of one run."""
        waiting = [("run_id", "=", self.id), ("state", "=", "approved"), ("posting_problem", "!=", False)]
        lines = self.env["dist.reconciliation.line"].search(waiting)
        return ExceptionSpec(
            "business",
            "variances_not_posted",
            _("%(count)s variances of %(run)s could not be posted", count=len(lines), run=self.name),
            detail="\n".join(f"{line.name}: {line.posting_problem}" for line in lines[:TOLD_AT_ONCE]),
            record=self,
            suggestion=_("Open the run, settle the cause and post them again, or reject them with a reason."),
            fingerprint=self.profile_id._get_exception_fingerprint(),
        )
