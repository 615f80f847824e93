from datetime import timedelta

from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, Progress

from ..lib.plan_file import Fault, describe

# a plan whose files do not all come by then is refused as partial
PATIENCE = timedelta(hours=6)


class DistPlanningBatch(models.Model):
    """A version as it arrives: files and the manifest that says which there are, in whichever order."""

    _inherit = "dist.planning.batch"

    @api.model
    def _receive_part(self, source, reference, planned_at=None, manifest=None, file=None, scope=False):
        """Take in a file or a manifest of a version; once all is there, it is put in force by a job.

        :param source: dist.planning.source
        :param reference: the source's number of the run
        :param planned_at: datetime (UTC); None where this part does not say
        :param manifest: dict; None where this part is none
        :param file: dict, values of dist.planning.batch.file; None where this part is none
        :param scope: the platform's files of which it is a version; none of a plan as a whole
        :return: dist.planning.batch
        :raises BusinessError: the number was used for another plan
        """
        batch = self.search([("source_id", "=", source.id), ("reference", "=", reference)])
        if batch and batch._knows(manifest, file):
            return batch
        if batch._is_taken():
            raise BusinessError(
                "plan_reused",
                _("Plan %s came before with other content. Nothing was changed.", reference),
                "/plan",
                status=409,
                record=batch,
                suggestion=_("A correction needs a number of its own."),
            )
        if not batch:
            batch = self.create({**source._prepare_batch(reference), "planned_at": False, "scope": scope})
        batch._add_part(planned_at, manifest, file)
        if batch._is_complete():
            batch._enqueue()
        return batch

    def _is_taken(self):
        """:return: True when no other part belongs to the version: it was put in force, or consists of a single file"""
        return self.state in ("active", "superseded") or bool(self.scope and self.state == "staged")

    def _knows(self, manifest, file):
        """:return: True when the part is here already: the same again changes nothing"""
        if file:
            return (file["kind"], file["checksum"]) in self._get_here()
        return bool(self.manifest) and self.manifest == manifest

    def _get_here(self):
        """:return: set of (kind, SHA-256) of the files that came; those without a row are alike but for their kind"""
        return {(file.kind, file.checksum) for file in self.file_ids}

    def _add_part(self, planned_at, manifest, file):
        self.error_ids.unlink()
        values = {"state": "staged", "error_count": 0}
        if planned_at:
            values["planned_at"] = planned_at
        if manifest:
            if self.manifest:
                # a refused plan is sent again: what its new manifest does not name is not part of it any more
                self._drop_undeclared(manifest)
            values["manifest"] = manifest
        if file:
            # a refused plan may be sent again, corrected; of files of all kinds there is one
            self.file_ids.filtered(
                lambda known: known.name == file["name"] or known.kind == file["kind"] == "plan"
            ).unlink()
            self.env["dist.planning.batch.file"].create({"batch_id": self.id, **file})
            values["message_id"] = file["message_id"]
        self.write(values)

    def _drop_undeclared(self, manifest):
        declared = {file["sha256"] for file in manifest.get("files") or []}
        if declared:
            self.file_ids.filtered(lambda file: file.checksum not in declared).unlink()

    def _is_complete(self):
        """:return: True when the manifest and all files it names are here"""
        return bool(self.planned_at and self.file_ids and self.manifest and not self._get_missing())

    def _get_missing(self):
        """:return: list of names of the files that the manifest names and nobody sent"""
        here = self._get_here()
        sums = {checksum for _kind, checksum in here}
        declared = (self.manifest or {}).get("files") or []
        kinds = {}
        for file in declared:
            kinds.setdefault(file["sha256"], set()).add(file.get("kind"))
        return [
            file.get("name") or file["sha256"]
            for file in declared
            # that one came as another kind than the manifest says is told when it is checked
            if file["sha256"] not in sums
            or (len(kinds[file["sha256"]]) > 1 and (file.get("kind"), file["sha256"]) not in here)
        ]

    @api.model
    def _cron_refuse_partial(self):
        """Take up what waits: a plan that is complete is checked, one that has waited too long is refused."""
        for batch in self.search([("state", "=", "staged")]):
            if batch._is_complete():
                batch._enqueue()
            elif batch.write_date < fields.Datetime.now() - PATIENCE:
                batch._refuse_partial()

    def _refuse_partial(self):
        missing = ", ".join(self._get_missing())
        self._refuse([Fault("", 0, "files", missing, "partial", self._describe_missing())], 1)

    def _describe_missing(self):
        """:return: text of what did not come of this version, which is not complete"""
        missing = ", ".join(self._get_missing())
        return _("Files did not come: %s.", missing) if missing else _("The manifest did not come.")

    def _describe_wait(self):
        """:return: text of what this version waits for before it is checked"""
        return _("It is about to be checked.") if self._is_complete() else self._describe_missing()

    # what the sender is told

    def _get_progress(self):
        """:return: Progress of this version, for whoever sent it"""
        self.ensure_one()
        if self.state == "refused":
            detail = "\n".join(
                describe(
                    Fault(
                        error.file or "", error.line, error.field or "", error.value or "", "", error.message
                    )
                )
                for error in self.error_ids[:20]
            )
            return Progress("failed", detail, code="plan_refused", stage=_("Refused"))
        if self.state != "staged":
            return Progress("succeeded", self._get_outcome(), percent=100.0, stage=_("Done"))
        stage = _("Queued") if self._is_complete() else _("Waits for the rest of the plan")
        return Progress("in_progress", percent=0.0, stage=stage)

    def _get_outcome(self):
        """:return: dict of what became of this version"""
        return {
            "plan": self.reference,
            "status": "confirmed"
            if self.same_as_id
            else "in_force"
            if self.state == "active"
            else "superseded",
            "forecasts": self.forecast_count,
            "parameters": self.parameter_count,
            "proposals": self.proposal_count,
            "alerts": self.alert_count,
            "decided_before": self.known_count,
        }
