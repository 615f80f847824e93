import json
import re

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..lib.documents import DECLARATIONS, declaration_of
from ..lib.errors import DeclarationError
from ..lib.separators import X12
from .dist_event import EDI_TYPES

# what moves a document through the framework: (direction, canonical document) to the message type
MESSAGE_TYPES = {
    ("in", "purchase.order"): "order.submit",
    ("in", "purchase.change"): "order.change",
    ("in", "purchase.acknowledgement"): "purchase.acknowledged",
    ("in", "ship.notice"): "purchase.shipped",
    ("in", "invoice"): "purchase.invoiced",
    ("in", "price.catalogue"): "purchase.priced",
    ("in", "inventory.report"): "supplier.stock",
    ("in", "receiving.advice"): "sale.received",
    ("in", "application.acknowledgement"): "edi.document.answered",
    ("out", "purchase.order"): "purchase.order",
    ("out", "purchase.change"): "purchase.change",
    ("out", "purchase.acknowledgement"): "purchase.acknowledgement",
    ("out", "ship.notice"): "ship.notice",
    ("out", "invoice"): "invoice.document",
    ("out", "inventory.report"): "inventory.report",
    ("out", "receiving.advice"): "receiving.advice",
    # of a 3PL the document says just what the message says
    ("in", "receipt.confirmed"): "receipt.confirmed",
    ("in", "shipment.confirmed"): "shipment.confirmed",
    ("in", "inventory.adjustment"): "stock.adjusted",
    ("out", "receipt.requested"): "receipt.requested",
    ("out", "shipment.requested"): "shipment.requested",
}
# what a document becomes whose purpose says so
BY_PURPOSE = {
    ("order.change", "cancel"): "order.cancel",
    ("order.submit", "cancel"): "order.cancel",
    ("order.submit", "change"): "order.change",
    ("order.submit", "replace"): "order.change",
}
# what suppliers send
SUPPLIER_TYPES = (
    "purchase.acknowledged",
    "purchase.invoiced",
    "purchase.priced",
    "purchase.shipped",
    "supplier.stock",
)
# what they and customers send can only be understood of a known contact
CONTACT_TYPES = (*SUPPLIER_TYPES, "sale.received")


class DistEdiAgreement(models.Model):
    """One document that is exchanged with a trading partner, with what the partner does otherwise."""

    _name = "dist.edi.agreement"
    _description = "Agreed document"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "edi_partner_id, direction, code"

    edi_partner_id = fields.Many2one("dist.edi.partner", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="edi_partner_id.company_id", store=True, index=True)
    standard = fields.Selection(related="edi_partner_id.standard")
    direction = fields.Selection([("in", "Received"), ("out", "Sent")], required=True)
    needs_contact = fields.Boolean(compute="_compute_needs_contact")
    code = fields.Char(string="Document", required=True, help="Such as 850 or ORDERS.")
    document_name = fields.Char(compute="_compute_document_name", string="What it is")
    version = fields.Char(help="Empty: the version of the partner.")
    association = fields.Char(help="0057 of EDIFACT such as EAN008, or what follows the version in GS08.")
    overlay = fields.Text(
        string="Deviations",
        help="What this partner does otherwise, as JSON laid over the document: fields, structure, codes, "
        "item_numbers, options.",
    )

    _sql_constraints = [
        (
            "code_uniq",
            "unique(edi_partner_id, direction, code)",
            "This document is agreed with the partner already.",
        )
    ]

    @api.model
    def _get_company_parents(self):
        return ["edi_partner_id"]

    @api.depends("code", "direction")
    def _compute_display_name(self):
        labels = dict(self._fields["direction"]._description_selection(self.env))
        for agreement in self:
            agreement.display_name = f"{agreement.code} ({labels.get(agreement.direction, '')})"

    @api.depends("direction", "code", "standard")
    def _compute_needs_contact(self):
        for agreement in self:
            code = agreement._get_message_type_code()
            agreement.needs_contact = code in CONTACT_TYPES or (
                agreement.direction == "out" and code in EDI_TYPES
            )

    @api.depends("code", "standard")
    def _compute_document_name(self):
        for agreement in self:
            agreement.document_name = agreement._get_document()

    def _get_document(self):
        """:return: name of the canonical document, such as ``purchase.order``; None when there is none"""
        return DECLARATIONS.get((self.standard, self.code), {}).get("document")

    @api.model
    def _get_message_types(self):
        """:return: dict, (direction, canonical document) to the code of the message type that moves it"""
        return MESSAGE_TYPES

    def _get_message_type_code(self, canonical=None):
        """
        :param canonical: dict, what a document of it says; its purpose may lead elsewhere
        :return: code of the message type that moves this document; None when nothing here works with it
        """
        self.ensure_one()
        code = self._get_message_types().get((self.direction, self._get_document()))
        return BY_PURPOSE.get((code, (canonical or {}).get("purpose")), code)

    @api.constrains("code", "direction", "edi_partner_id")
    def _check_code(self):
        for agreement in self:
            if agreement._get_document() is None:
                raise ValidationError(
                    _(
                        "%(code)s is no document of %(standard)s that can be read.",
                        code=agreement.code,
                        standard=agreement.standard,
                    )
                )
            if agreement._get_message_type_code() is None:
                raise ValidationError(
                    _("Nothing in the installed addons works with %s yet.", agreement.display_name)
                )

    @api.constrains("version", "edi_partner_id")
    def _check_own_version(self):
        for agreement in self.filtered("version"):
            self._check_version(agreement.standard, agreement.version)

    @api.model
    def _check_version(self, standard, version):
        """:raises ValidationError: it is not how the standard names its versions"""
        pattern = r"\d{6}" if standard == X12 else r"[DS]\.?\d{2}[A-Z]"
        if not re.fullmatch(pattern, version or ""):
            raise ValidationError(
                _(
                    "%(version)s is no version of %(standard)s; write it like %(example)s.",
                    version=version,
                    standard=standard,
                    example="004010" if standard == X12 else "D96A",
                )
            )

    @api.constrains("overlay", "code", "version", "edi_partner_id")
    def _check_overlay(self):
        for agreement in self.filtered("overlay"):
            try:
                agreement._get_declaration()
            except DeclarationError as error:
                raise ValidationError(
                    _("The deviations of %(code)s: %(detail)s", code=agreement.code, detail=error.detail)
                ) from error

    def _get_overlay(self):
        """:return: dict
        :raises ValidationError: the deviations are no JSON object
        """
        self.ensure_one()
        try:
            overlay = json.loads(self.overlay or "{}")
        except ValueError as error:
            raise ValidationError(
                _("The deviations of %(code)s are not JSON: %(detail)s", code=self.code, detail=error)
            ) from error
        if not isinstance(overlay, dict):
            raise ValidationError(_("The deviations of %s are no JSON object.", self.code))
        return overlay

    def _get_version(self):
        return (self.version or self.edi_partner_id.version).replace(".", "")

    def _get_declaration(self, version=None):
        """:param version: of the document that is read; the agreed one when it is written
        :return: lib.declaration.Declaration
        """
        self.ensure_one()
        return declaration_of(self.standard, self.code, self._get_overlay(), version or self._get_version())
