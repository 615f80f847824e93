from odoo import _, api, models

FINISHED = ("done", "failed", "cancelled")


class DistReconciliation(models.Model):
    """The snapshot of a run is a copy of what its message brought, and goes with it; what was found stays (G6)."""

    _inherit = "dist.reconciliation"

    @api.model
    def _find_snapshots(self):
        """:return: dict, finished run to ir.attachment of its snapshot"""
        attachments = self.env["ir.attachment"].sudo()
        found = attachments.search([("res_model", "=", self._name), ("res_field", "=", "snapshot")])
        by_run = {attachment.res_id: attachment for attachment in found}
        runs = self.sudo().search([("id", "in", list(by_run)), ("state", "in", FINISHED)])
        return {run: by_run[run.id] for run in runs}

    def _drop_snapshot(self, attachment):
        """Remove the snapshot, and keep in the chatter what it was."""
        self.ensure_one()
        self.message_post(
            body=_(
                "The snapshot was removed: %(bytes)s bytes, SHA-1 %(sha1)s.",
                bytes=attachment.file_size,
                sha1=attachment.checksum,
            )
        )
        attachment.unlink()

    @api.model
    def _purge_snapshots(self):
        """:return: number of snapshots whose message was purged, and which are now removed"""
        due = [(run, file) for run, file in self._find_snapshots().items() if run.message_id.purged_at]
        for run, attachment in due:
            run._drop_snapshot(attachment)
        return len(due)


class DistMessage(models.Model):
    _inherit = "dist.message"

    @api.model
    def _purge_beside(self, days):
        self.env["dist.reconciliation"]._purge_snapshots()
        return super()._purge_beside(days)


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _find_snapshots_with(self, identifiers, left):
        """:return: dict, run to the snapshot in which an identifier stands; parameters as of `_erase_beside`"""
        return {
            run: attachment
            for run, attachment in self.env["dist.reconciliation"]._find_snapshots().items()
            if run.company_id in self.env.companies
            and run.message_id not in left
            and attachment._dist_holds(identifiers)
        }

    @api.model
    def _count_beside(self, identifiers, left):
        counts = super()._count_beside(identifiers, left)
        return {**counts, "ir.attachment": len(self._find_snapshots_with(identifiers, left))}

    @api.model
    def _erase_beside(self, identifiers, values, left, reason):
        count = super()._erase_beside(identifiers, values, left, reason)
        found = self._find_snapshots_with(identifiers, left)
        for run, attachment in found.items():
            run._drop_snapshot(attachment)
        return count + len(found)

    @api.model
    def _get_searched_files(self):
        snapshots = self.env["dist.reconciliation"]._find_snapshots().values()
        return super()._get_searched_files().union(*snapshots)
