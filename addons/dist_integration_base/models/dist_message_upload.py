import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError

# what a file of a message is called when it is handed on
SUFFIXES = {"text/csv": ".csv", "application/x-ndjson": ".jsonl"}


class DistMessage(models.Model):
    """Messages whose content is a file: it is stored as it came, the message itself says what it is.

    A file of a million rows is neither held in memory nor in a row of the database.
    """

    _inherit = "dist.message"

    upload = fields.Binary(attachment=True, readonly=True, groups=fields.NO_ACCESS)

    @api.model
    def _get_file_type(self, name):
        """:return: media type of a file by its name, packed or not"""
        name = name.lower().removesuffix(".gz")
        return "text/csv" if name.endswith((".csv", ".txt")) else "application/x-ndjson"

    def _attach_upload(self, upload):
        """Keep a file with this message, in the same transaction.

        :param upload: lib.upload.Upload
        """
        self.ensure_one()
        described = json.loads(self._get_raw())["file"]
        name = self.uuid + SUFFIXES.get(described["type"], "")
        self.env["ir.attachment"]._dist_store(
            upload,
            {
                "name": name + (".gz" if described["packed"] else ""),
                "mimetype": "application/gzip" if described["packed"] else described["type"],
                "res_model": self._name,
                "res_field": "upload",
                "res_id": self.id,
                "company_id": self.company_id.id,
            },
        )

    def _get_upload(self):
        """:return: ir.attachment of this message, or of the one it corrects
        :raises UserError: there is none
        """
        self.ensure_one()
        message = self
        while message:
            found = message._find_uploads()
            if found:
                return found[:1]
            message = message.original_id
        raise UserError(_("The message came without its file."))

    def _find_uploads(self):
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [("res_model", "=", self._name), ("res_field", "=", "upload"), ("res_id", "in", self.ids)]
            )
        )

    def _get_file_evidence(self):
        """:return: dict, size and hash of the file as it came"""
        described = json.loads(self.with_context(bin_size=False)._get_raw())["file"]
        return {"bytes": described["size"], "sha256": described["sha256"]}

    def _purge(self):
        uploads = self._find_uploads()
        for message in self.browse(uploads.mapped("res_id")):
            evidence = {**json.loads(message.evidence or "{}"), "file": message._get_file_evidence()}
            message.evidence = json.dumps(evidence)
        self.flush_model(["evidence"])
        result = super()._purge()
        uploads.unlink()
        return result

    @api.model
    def _find_all_uploads(self):
        """:return: ir.attachment, the files of all messages"""
        attachments = self.env["ir.attachment"].sudo()
        return attachments.search([("res_model", "=", self._name), ("res_field", "=", "upload")])

    @api.model
    def _find_uploads_with(self, texts):
        """:return: ir.attachment, the files of messages in which one of the texts stands"""
        return self._find_all_uploads().filtered(lambda upload: upload._dist_holds(texts))

    def _erase_upload(self, values):
        """Remove a file that tells of a person: nobody takes it apart."""
        self._find_uploads().filtered(lambda upload: upload._dist_holds(values)).unlink()
