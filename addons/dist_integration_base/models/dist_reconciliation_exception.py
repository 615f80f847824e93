from odoo import _, models

from ..lib.handling import ExceptionSpec
from .dist_reconciliation import UNSETTLED

SHOWN_RUNS = 20


class DistReconciliationProfile(models.Model):
    """What people are told of the runs of a profile: each exception lasts until its own cause is gone."""

    _inherit = "dist.reconciliation.profile"

    def _get_exception_fingerprint(self):
        self.ensure_one()
        return f"{self._name}/{self.id}"

    def _refresh_exceptions(self):
        """Close what is settled; say of the others what is left of them."""
        for profile in self:
            for code, prepare in profile._get_causes().items():
                profile._refresh_exception(code, prepare)

    def _get_causes(self):
        """:return: dict, code of an exception to a function that returns its ExceptionSpec; None without a cause"""
        return {
            "reconciliation_variances": self._prepare_variances,
            "reconciliation_failed": self._prepare_failure,
            "snapshot_missing": self._prepare_missing,
            "variances_not_posted": self._prepare_not_posted,
        }

    def _refresh_exception(self, code, prepare):
        exceptions = self.env["dist.exception"].sudo()
        fingerprint = self._get_exception_fingerprint()
        exception = exceptions._find_open(
            self.company_id, exceptions._get_document_fingerprint(code, fingerprint)
        )
        spec = prepare() if exception else None
        if spec:
            values = exceptions._prepare_document_values(spec)
            # somebody may have judged it otherwise meanwhile
            values.pop("severity")
            exception._write_changes(values)
            exception._update_impact()
        elif exception:
            exceptions._close_without_message([code], fingerprint)

    # variances

    def _get_unsettled_runs(self):
        """:return: runs with variances that are still to be settled, the latest first"""
        groups = self.env["dist.reconciliation.line"]._read_group(
            [("profile_id", "=", self.id), ("state", "in", UNSETTLED)], ["run_id"]
        )
        runs = self.run_ids.browse([run.id for (run,) in groups]).filtered("unsettled_count")
        return runs.sorted(lambda run: (run.moment, run.id), reverse=True)

    def _prepare_variances(self):
        """:return: ExceptionSpec about all that is to be settled, whichever run found it; None when nothing is"""
        runs = self._get_unsettled_runs()
        if not runs:
            return None
        if len(runs) == 1:
            detail = _("Accuracy %.2f %%.", runs.accuracy)
        else:
            detail = "\n".join(f"{run.name}: {run.unsettled_count}" for run in runs[:SHOWN_RUNS])
        return ExceptionSpec(
            "business",
            "reconciliation_variances",
            _(
                "%(count)s variances with %(system)s: %(profile)s",
                count=sum(runs.mapped("unsettled_count")),
                system=self.system_id.name,
                profile=self.name,
            ),
            detail=detail,
            record=runs if len(runs) == 1 else self,
            severity="normal",
            suggestion=_("Open the run and settle its variances: explain, approve, post or reject them.")
            if len(runs) == 1
            else _(
                "Open the variances of the profile and settle them: explain, approve, post or reject them."
            ),
            fingerprint=self._get_exception_fingerprint(),
        )

    def _dist_get_impact(self):
        runs = self.run_ids.browse().union(*(profile._get_unsettled_runs() for profile in self))
        return {**super()._dist_get_impact(), **runs._dist_get_impact(), "currency": self.currency_id[:1]}

    # runs

    def _prepare_failure(self):
        """:return: ExceptionSpec about the last run that failed and was not made up for; None when there is none"""
        failed = self.run_ids.search([("profile_id", "=", self.id), ("state", "=", "failed")])
        standing = next((run for run in failed if not run._is_made_up_for()), None)
        return standing and standing._prepare_failure(standing.is_refused)

    def _prepare_missing(self):
        """:return: ExceptionSpec about a run that still waits for the snapshot; None when none does"""
        waiting = self.run_ids.filtered(
            lambda run: run.state == "draft" and run.is_scheduled and not run._has_come()
        )
        return waiting[0]._prepare_missing() if waiting else None

    def _prepare_not_posted(self):
        """:return: ExceptionSpec about variances that no job could post so far; None when there is none"""
        lines = self.env["dist.reconciliation.line"].search(
            [("profile_id", "=", self.id), ("state", "=", "approved"), ("posting_problem", "!=", False)]
        )
        return lines[0].run_id._prepare_not_posted() if lines else None


class DistReconciliation(models.Model):
    _inherit = "dist.reconciliation"

    def _open_exception(self, spec):
        self.ensure_one()
        return self.env["dist.exception"]._open_without_message(
            spec, self.company_id, system=self.system_id, assignee=self.owner_id
        )

    def _tell_variances(self):
        """Have a person settle what this run found.

        It is told anew, unless what former runs found is still to be settled as well: then it is told beside that.
        """
        profile = self.profile_id
        self.env.flush_all()
        if not profile._get_unsettled_runs() - self:
            self.env["dist.exception"]._close_without_message(
                ["reconciliation_variances"], profile._get_exception_fingerprint()
            )
        if self.unsettled_count:
            self._open_exception(profile._prepare_variances())
        profile._refresh_exceptions()

    def _is_made_up_for(self):
        """:return: whether a run done after this one failed compared all that this one was to compare"""
        self.ensure_one()
        later = [
            "|",
            ("finished_at", ">", self.finished_at),
            "&",
            ("finished_at", "=", self.finished_at),
            ("id", ">", self.id),
        ]
        domain = [*self._get_covering_domain(), ("state", "=", "done"), *later]
        return bool(self.search_count(domain, limit=1))

    def _get_covering_domain(self):
        """:return: domain of the runs that compare at least what this one does"""
        coverages = ("full",) if self.coverage == "full" else ("full", "part")
        return [*self._get_same_domain(), ("coverage", "in", coverages)]

    def _has_come(self):
        """:return: whether the snapshot that a run waits for came for another run"""
        self.ensure_one()
        came = [("state", "in", ("queued", "running", "done", "failed")), ("moment", ">", self.moment)]
        return bool(self.search_count([*self._get_covering_domain(), *came], limit=1))

    def _prepare_failure(self, is_content):
        """:param is_content: whether the snapshot is to blame"""
        return ExceptionSpec(
            "validation" if is_content else "technical",
            "reconciliation_failed",
            _("%s could not be compared", self.name),
            detail=(self.error or "")[:5_000],
            record=self,
            severity="high",
            suggestion=_("Have the partner correct the snapshot, put it into the run and start it again.")
            if is_content
            else _("Start the run again once the cause is removed."),
            fingerprint=self.profile_id._get_exception_fingerprint(),
        )

    def _tell_missing(self):
        """The next snapshot is due and the last one never came."""
        for run in self:
            run._open_exception(run._prepare_missing())

    def _prepare_missing(self):
        return ExceptionSpec(
            "business",
            "snapshot_missing",
            _("%(system)s sent no snapshot: %(run)s", system=self.system_id.name, run=self.name),
            record=self,
            severity="high",
            suggestion=_("Ask the partner for the snapshot, or cancel the run."),
            fingerprint=self.profile_id._get_exception_fingerprint(),
        )

    def _dist_get_impact(self):
        return {
            **super()._dist_get_impact(),
            "lines": sum(self.mapped("unsettled_count")),
            "value": sum(self.mapped("unsettled_value")),
            "currency": self.currency_id[:1],
        }
