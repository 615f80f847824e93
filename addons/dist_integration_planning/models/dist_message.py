from dataclasses import replace

from odoo import models

from odoo.addons.dist_integration_base.lib.transports import FileBody

FILE = "planning.export.file"
# over these the file itself is sent; others carry what it is and where to get it
CARRIERS = ("sftp", "folder", "http")


class DistMessage(models.Model):
    _inherit = "dist.message"

    def _get_outgoing(self):
        outgoing = super()._get_outgoing()
        if self.message_type_id.code != FILE or self.endpoint_id.transport not in CARRIERS:
            return outgoing
        file = self.env["dist.planning.export.file"].browse(self.res_id)
        attachment = file._get_attachment()
        return replace(
            outgoing,
            body=FileBody(attachment._full_path(attachment.store_fname), attachment.file_size),
            content_type="application/gzip" if file.is_packed else file.media_type,
            file_name=file.name,
        )
