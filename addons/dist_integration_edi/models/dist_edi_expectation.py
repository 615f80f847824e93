import json
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import split_every

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec

from ..lib.acknowledgement_reading import read_acknowledgement
from ..lib.separators import X12

MAX_KEY = 256
# the last acknowledgement counts: partners take what they refused, and refuse what they took
STATES = [
    ("prepared", "Not sent yet"),
    ("waiting", "Awaited"),
    ("accepted", "Accepted"),
    ("accepted_with_errors", "Accepted with errors"),
    ("received", "Received"),
    ("rejected", "Rejected"),
    ("waived", "Given up"),
]


class DistEdiExpectation(models.Model):
    """An acknowledgement that a partner owes us: of a group in X12, of an interchange in EDIFACT."""

    _name = "dist.edi.expectation"
    _description = "Awaited acknowledgement"
    _inherit = ["dist.kept.mixin", "dist.edi.awaited.mixin"]
    _order = "due_at, id"

    interchange_id = fields.Many2one(
        "dist.edi.interchange", required=True, readonly=True, ondelete="cascade", index=True
    )
    group_id = fields.Many2one("dist.edi.group", readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="interchange_id.company_id", store=True, index=True)
    edi_partner_id = fields.Many2one(
        related="interchange_id.edi_partner_id", string="Trading partner", store=True, index=True
    )
    control_number = fields.Char(string="Number", required=True, readonly=True)
    functional_code = fields.Char(string="Group code", readonly=True)
    documents = fields.Char(compute="_compute_documents")
    state = fields.Selection(STATES, required=True, readonly=True, default="prepared", index=True)
    sent_at = fields.Datetime(string="Sent", readonly=True)
    received_at = fields.Datetime(string="Acknowledged", readonly=True)
    document_id = fields.Many2one(
        "dist.edi.document", string="Acknowledgement", readonly=True, ondelete="set null"
    )
    detail = fields.Text(string="What the partner says", readonly=True)

    @api.depends("control_number", "functional_code")
    def _compute_display_name(self):
        for expectation in self:
            expectation.display_name = " ".join(
                filter(None, (expectation.functional_code, expectation.control_number))
            )

    def _compute_documents(self):
        for expectation in self:
            documents = expectation._get_documents()
            expectation.documents = ", ".join(documents.sorted("id").mapped("display_name")[:10])

    def _get_documents(self):
        """:return: dist.edi.document that the acknowledgement is about"""
        return self.group_id.document_ids if self.group_id else self.interchange_id.document_ids

    @api.model
    def _expect(self, interchange, group):
        """:param group: dist.edi.group of X12, which is what 997 and 999 name; else empty"""
        return self.create(
            {
                "interchange_id": interchange.id,
                "group_id": group.id,
                "control_number": group.control_number or interchange.control_number,
                "functional_code": group.functional_code,
            }
        )

    @api.model
    def _start(self, messages):
        """The clock starts when the message was delivered.

        :param messages: dist.message that are done
        """
        found = self.sudo().search(
            [("interchange_id.message_id", "in", messages.ids), ("state", "=", "prepared")]
        )
        for expectation in found:
            expectation.write({"state": "waiting", **expectation._prepare_clock()})

    def _prepare_clock(self):
        """:return: values of what is with the partner from now on"""
        now, hours = fields.Datetime.now(), self.edi_partner_id.acknowledgement_hours
        return {"sent_at": now, "due_at": now + timedelta(hours=hours)}

    # matching

    @api.model
    def _receive(self, document, transaction):
        """Note an acknowledgement on what it is for.

        :param document: dist.edi.document of the acknowledgement
        :return: list of ExceptionSpec; None when nothing was sent that it could be for
        :raises EdiError: it does not say what it acknowledges
        """
        said = read_acknowledgement(transaction)
        document.write(
            {
                "canonical": json.dumps(said),
                "document_name": "functional.acknowledgement",
                "business_key": said.get("group", said.get("interchange"))["control_number"][:MAX_KEY],
            }
        )
        expectation = self._find(document.interchange_id, said)
        if not expectation:
            return None
        return expectation._settle(document, said)

    @api.model
    def _find(self, interchange, said):
        """What an acknowledgement is for: GS06 and GS01 of a group, or the number of an interchange.

        Numbers start anew one day, so the latest is meant. The partner may answer before we know that it has what it
        answers. A test is only for tests.

        :param interchange: dist.edi.interchange of the acknowledgement
        """
        group = said.get("group", {})
        number = group.get("control_number") or said.get("interchange", {}).get("control_number", "")
        domain = [("edi_partner_id", "=", interchange.edi_partner_id.id)]
        if interchange.is_test:
            domain.append(("interchange_id.is_test", "=", True))
        if said["standard"] == X12:
            number = number.lstrip("0")
            domain.append(("functional_code", "=", group.get("functional_code")))
        return self.sudo().search([*domain, ("control_number", "=", number)], order="id desc", limit=1)

    def _settle(self, document, said):
        """:return: list of ExceptionSpec"""
        self.ensure_one()
        status = self._get_status(said)
        lines = self._settle_documents(said)
        for code in said.get("codes", []):
            lines.append(_("Error %s", code))
        self.write(
            {
                **({} if self.sent_at else self._prepare_clock()),
                "state": status,
                "received_at": fields.Datetime.now(),
                "document_id": document.id,
                "detail": "\n".join(lines) or False,
            }
        )
        exceptions = self.env["dist.exception"]
        exceptions._close_without_message(["edi_acknowledgement_overdue"], f"edi/{self.id}")
        if self._is_rejected(said):
            return [self._prepare_rejection(lines)]
        exceptions._close_without_message(["rejected_by_partner"], f"edi_rejected/{self.id}")
        return []

    @api.model
    def _get_status(self, said):
        statuses = {one["status"] for one in said["transactions"]}
        if said["status"] != "rejected" and "rejected" in statuses:
            return "accepted_with_errors" if statuses - {"rejected"} else "rejected"
        return said["status"]

    @api.model
    def _is_rejected(self, said):
        return "rejected" in {said["status"], *(one["status"] for one in said["transactions"])}

    def _settle_documents(self, said):
        """Write on each document what the partner says of it.

        :return: list of sentences on what is wrong
        """
        told = {one["control_number"].lstrip("0"): one for one in said["transactions"]}
        lines = []
        for document in self._get_documents():
            one = told.get((document.control_number or "").lstrip("0"), {"status": said["status"]})
            errors = one.get("errors", [])
            document.write(
                {
                    "acknowledged": one["status"],
                    "acknowledgement_errors": json.dumps(errors),
                    "issue_count": len(errors),
                }
            )
            sentences = document._redact([_describe(error) for error in errors])
            lines += [f"{document.display_name}: {sentence}" for sentence in sentences]
        return lines

    def _prepare_rejection(self, lines):
        return ExceptionSpec(
            category="delivery",
            code="rejected_by_partner",
            summary=_(
                "%(partner)s rejects %(documents)s",
                partner=self.edi_partner_id.name,
                documents=self.documents or self.control_number,
            ),
            detail="\n".join(lines) or _("The partner does not say why."),
            record=self.interchange_id,
            severity="high",
            suggestion=_(
                "Correct what the partner names, in the document or its mapping, and send it again."
            ),
            fingerprint=f"edi_rejected/{self.id}",
        )

    # overdue

    @api.model
    def _cron_overdue(self):
        """Tell a person of what should have been acknowledged by now."""
        overdue = self.search([("state", "=", "waiting"), ("due_at", "<", fields.Datetime.now())])
        for batch in split_every(100, overdue.ids):
            for expectation in self.browse(batch):
                expectation._open_overdue()

    def _open_overdue(self):
        self.ensure_one()
        self.env["dist.exception"]._open_without_message(
            ExceptionSpec(
                category="delivery",
                code="edi_acknowledgement_overdue",
                summary=_(
                    "%(partner)s has not acknowledged %(documents)s",
                    partner=self.edi_partner_id.name,
                    documents=self.documents or self.control_number,
                ),
                detail=_(
                    "Sent at %(sent)s under the number %(number)s, to be acknowledged by %(due)s (UTC).",
                    sent=fields.Datetime.to_string(self.sent_at),
                    number=self.control_number,
                    due=fields.Datetime.to_string(self.due_at),
                ),
                record=self.interchange_id,
                severity="high",
                suggestion=_(
                    "Ask the partner whether it arrived. This closes by itself with the acknowledgement."
                ),
                fingerprint=f"edi/{self.id}",
            ),
            self.company_id,
            self.interchange_id.system_id,
        )

    # what a person does

    def action_waive(self):
        """Give up waiting: the partner was asked."""
        self.interchange_id.message_id.with_env(self.env)._check_may_act()
        for expectation in self.filtered(lambda one: one.state in ("prepared", "waiting")):
            self.env["dist.audit.entry"]._add(
                "overridden", expectation.interchange_id, reason=_("Not awaited")
            )
            expectation.sudo().state = "waived"
            self.env["dist.exception"]._close_without_message(
                ["edi_acknowledgement_overdue"], f"edi/{expectation.id}"
            )
        return True

    def action_view_interchange(self):
        self.ensure_one()
        return self.interchange_id._get_form_action()


def _describe(error):
    """:return: sentence for an error of an acknowledgement, with segment and element"""
    tag = error.get("tag", "")
    place = f"{tag}{error['element']:02d}" if error.get("element") else tag
    if error.get("segment"):
        place = f"{place} (segment {error['segment']})"
    value = f' "{error["value"]}"' if error.get("value") else ""
    return f"{place}: {error['reason']}{value}".strip(": ")
