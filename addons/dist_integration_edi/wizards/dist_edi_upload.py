import base64
import hashlib

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib import trace


class DistEdiUpload(models.TransientModel):
    """Hand over a file as if the partner had sent it."""

    _name = "dist.edi.upload"
    _description = "Upload EDI files"
    _inherit = ["dist.wizard.mixin"]

    edi_partner_id = fields.Many2one("dist.edi.partner", string="Trading partner", required=True)
    file = fields.Binary(required=True, attachment=False)
    file_name = fields.Char()

    def action_upload(self):
        """Store the file, take it apart, and show what came of it.

        :raises UserError: the partner's system takes no files now
        """
        self.ensure_one()
        self.env["dist.message"]._check_may_act_on_all()
        self._check_given()
        raw = base64.b64decode(self.with_context(bin_size=False).file or b"")
        if not raw:
            raise UserError(_("The file is empty."))
        message_id, is_new = self.env["dist.message"]._receive(self._prepare_message(raw), raw)
        message = self.env["dist.message"].browse(message_id)
        if is_new:
            self.env["dist.message"]._process([message_id])
            message.invalidate_recordset()
        return self._show(message)

    def _prepare_message(self, raw):
        partner = self.edi_partner_id.sudo()
        message_type = self.env["dist.message.type"]._get_by_code("edi.interchange")
        flow = self.env["dist.flow"]._find_inbound(partner.system_id, message_type)
        if not flow or not partner.client_id:
            raise UserError(_("%(partner)s cannot take files yet. Missing: %(missing)s", partner=partner.name,
                              missing=partner.missing or _("an active flow")))  # fmt: skip
        current = trace.new()
        digest = hashlib.sha256(raw).hexdigest()
        return {
            "client_id": partner.client_id.id,
            "system_id": partner.system_id.id,
            "company_id": partner.company_id.id,
            "flow_id": flow.id,
            "message_type_id": message_type.id,
            "version_id": flow._get_version().id,
            "criticality": flow.criticality,
            "idempotency_key": f"upload {digest}",
            "request_hash": digest,
            "trace_id": current.trace_id,
            "traceparent": current.header,
            "source_name": (self.file_name or "")[:255],
            "payload": None,
        }

    @api.model
    def _show(self, message):
        """:return: action that opens the interchanges of a file; the message where there are none"""
        interchanges = self.env["dist.edi.interchange"].search([("message_id", "=", message.id)])
        if not interchanges:
            return self.env["dist.message"]._get_list_action([("id", "=", message.id)])
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_edi.action_dist_edi_interchange"
        )
        return {**action, "domain": [("id", "in", interchanges.ids)], "context": {}}
