import io
import os

from odoo import api, models

from ..lib.erasure import holds
from ..lib.snapshot import SnapshotError, open_stream

BLOCK = 1024 * 1024


class IrAttachment(models.Model):
    """Files that are too large for memory go to the file store as a stream."""

    _inherit = "ir.attachment"

    @api.model
    def _search(self, domain, *args, **options):
        return super()._search(self._dist_hide_content(domain), *args, **options)

    @api.model
    def _dist_hide_content(self, domain):
        """Leave out the files of messages: nobody reads them, administrators of Odoo included.

        Reading an attachment by its id asks for the rights on its record, not on the field it is the value of.
        """
        return domain if self.env.su else [("res_model", "not in", self._dist_get_hidden_models()), *domain]

    @api.model
    def _dist_get_hidden_models(self):
        """:return: list of names of the models whose files are content that is masked"""
        return ["dist.message"]

    @api.model
    def _dist_store(self, upload, values):
        """Store a file in this transaction without reading it into memory.

        It goes to the file store also where Odoo keeps attachments in the database. Files are named by their SHA-256,
        so the same file is kept once.

        :param upload: lib.upload.Upload
        :param values: dict of the attachment's other values, such as name, mimetype and the record it belongs to
        :return: ir.attachment
        """
        name = f"{upload.sha256[:2]}/{upload.sha256}"
        # with the row the table is locked against those who clear the file store
        attachment = self._dist_create_stored(values, name, upload.size, upload.sha256)
        path = self._full_path(name)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            upload.save(path)
        # whoever clears the file store looks at it, should this transaction fail
        self._mark_for_gc(name)
        return attachment

    def _dist_open(self):
        """:return: io.BufferedReader of this file as it is stored"""
        self.ensure_one()
        if self.store_fname:
            return open(self._full_path(self.store_fname), "rb")
        return io.BufferedReader(io.BytesIO(self.raw or b""))

    def _dist_holds(self, texts):
        """:return: True when one of the texts stands in this file, packed or not; one that cannot be unpacked is
        searched as it is
        """
        try:
            with open_stream(self._dist_open()) as stream:
                return holds(_read_blocks(stream), texts)
        except SnapshotError:
            with self._dist_open() as stream:
                return holds(_read_blocks(stream), texts)
        except FileNotFoundError:
            return False

    def _dist_is_unreadable(self):
        """:return: True when this file cannot be read, or unpacked, to its end: nobody knows all that stands in it"""
        try:
            with open_stream(self._dist_open()) as stream:
                for _block in _read_blocks(stream):
                    continue
        except (SnapshotError, FileNotFoundError):
            return True
        return False

    def _dist_share(self, values):
        """Make another attachment of the same stored file.

        :param values: dict of what differs
        :return: ir.attachment
        """
        self.ensure_one()
        common = {"name": self.name, "mimetype": self.mimetype, "company_id": self.company_id.id}
        return self._dist_create_stored({**common, **values}, self.store_fname, self.file_size, self.checksum)

    @api.model
    def _dist_create_stored(self, values, name, size, checksum):
        attachment = self.sudo().create({**values, "type": "binary"})
        attachment.flush_recordset()
        self.env.cr.execute(
            "UPDATE ir_attachment SET store_fname = %s, file_size = %s, checksum = %s, db_datas = NULL WHERE id = %s",
            (name, size, checksum[:40], attachment.id),
        )
        attachment.invalidate_recordset()
        return attachment


def _read_blocks(stream):
    return iter(lambda: stream.read(BLOCK), b"")
