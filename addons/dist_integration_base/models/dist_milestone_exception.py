from odoo import _, api, models

from ..lib.handling import ExceptionSpec
from .dist_exception import UNSOLVED
from .dist_milestone import OVERDUE, REFUSED


class DistMilestone(models.Model):
    """What people are told of milestones: one exception for a step and a system."""

    _inherit = "dist.milestone"

    @api.model
    def _refresh_exceptions(self):
        """Open what is overdue or was refused, close what is not any more.

        :return: dist.process, those of which that cannot be told
        """
        failed = self.env["dist.process"]
        for process, groups in self._get_told_groups().items():
            if not self._do_or_tell(process, lambda groups=groups: self._refresh_groups(groups)):
                failed |= process
        return failed

    @api.model
    def _refresh_groups(self, groups):
        for code, step, system, company in groups:
            group = [
                ("step_id", "=", step.id),
                ("system_id", "=", system.id),
                ("company_id", "=", company.id),
            ]
            milestones = self.search([*group, *self._get_standing_domain(code)])
            former = self.search([*group, *self._get_told_domain(code)]) - milestones
            fingerprint = f"{step.id}/{system.id}/{company.id}"
            if not milestones:
                self.env["dist.exception"]._close_without_message([code], fingerprint)
                former.exception_id = False
                continue
            prepare = self._prepare_overdue if code == OVERDUE else self._prepare_refused
            exception = self.env["dist.exception"]._open_without_message(
                prepare(step, milestones, fingerprint),
                company,
                system=system,
                assignee=step.escalation_user_id,
            )
            former.exception_id = False
            milestones.exception_id = exception
            exception._update_impact()

    @api.model
    def _get_standing_domain(self, code):
        """:return: domain of the milestones that an exception of a code is about"""
        if code == OVERDUE:
            return [("state", "=", "overdue")]
        return [
            ("state", "=", "refused"),
            ("step_id.compensation", "=", False),
            # what a person closed is not told once more: nobody may ever reach the step
            "|",
            "|",
            ("exception_id", "=", False),
            ("exception_id.code", "!=", code),
            ("exception_id.state", "in", UNSOLVED),
        ]

    @api.model
    def _get_told_domain(self, code):
        """:return: domain of the milestones that the open exception of a code speaks for"""
        return [("exception_id.code", "=", code), ("exception_id.state", "in", UNSOLVED)]

    @api.model
    def _get_told_groups(self):
        """:return: dict, process to list of (code, step, system, company) for which something is to be told, or was"""
        names = ["process_id", "step_id", "system_id", "company_id"]
        groups = {}
        for code in (OVERDUE, REFUSED):
            rows = self._read_group(self._get_standing_domain(code), names)
            rows += self._read_group(self._get_told_domain(code), names)
            for process, *group in dict.fromkeys(rows):
                groups.setdefault(process, []).append((code, *group))
        return groups

    @api.model
    def _prepare_overdue(self, step, milestones, fingerprint):
        summary = _(
            "%(count)s documents overdue: %(process)s, %(step)s",
            count=len(milestones),
            process=step.process_id.name,
            step=step.name,
        )
        return ExceptionSpec(
            "business",
            OVERDUE,
            summary,
            suggestion=_("Ask the partner what became of them. It closes by itself once they go on."),
            fingerprint=fingerprint,
            **self._prepare_documents(step, milestones),
        )

    @api.model
    def _prepare_refused(self, step, milestones, fingerprint):
        summary = _(
            "%(count)s documents refused: %(process)s, %(step)s",
            count=len(milestones),
            process=step.process_id.name,
            step=step.name,
        )
        return ExceptionSpec(
            "business",
            REFUSED,
            summary,
            suggestion=_(
                "Ask the partner why, and put it right or cancel them. It closes by itself once they go on or are "
                "given up."
            ),
            fingerprint=fingerprint,
            **self._prepare_documents(step, milestones),
        )

    @api.model
    def _prepare_documents(self, step, milestones):
        """:return: dict, what an exception says of the documents it is about"""
        names = milestones[:10].mapped("document_name")
        return {
            "detail": "\n".join(names + ["..."] * (len(milestones) > len(names))),
            "record": milestones._get_document() if len(milestones) == 1 else None,
            "severity": step.severity,
        }
