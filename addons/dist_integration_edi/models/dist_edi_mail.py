import hashlib
import json

from odoo import _, api, fields, models, tools
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib import trace
from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec

WAITING = ("unknown_sender", "no_file", "no_flow")
CODES = {state: f"mail_{state}" for state in WAITING}


class DistEdiMail(models.Model):
    """A mail that came to a mailbox, with what became of its attachments."""

    _name = "dist.edi.mail"
    _description = "EDI mail"
    _inherit = ["mail.thread", "dist.kept.mixin", "dist.masked.mixin"]
    _order = "id desc"

    name = fields.Char(string="Subject", readonly=True)
    mailbox_id = fields.Many2one(
        "dist.edi.mailbox", required=True, readonly=True, ondelete="restrict", index=True
    )
    system_id = fields.Many2one(related="mailbox_id.system_id", store=True, index=True)
    company_id = fields.Many2one(related="mailbox_id.company_id", store=True, index=True)
    sender = fields.Char(readonly=True)
    reference = fields.Char(string="Message-ID", readonly=True)
    state = fields.Selection(
        [
            ("taken", "Taken"),
            ("unknown_sender", "Sender is not agreed"),
            ("no_file", "Without a file"),
            ("no_flow", "Nobody takes it"),
            ("ignored", "Ignored"),
        ],
        required=True,
        readonly=True,
        default="no_file",
        index=True,
    )
    files = fields.Binary(attachment=True, readonly=True, groups=fields.NO_ACCESS)
    file_names = fields.Char(compute="_compute_file_names", string="Attached")
    taken_keys = fields.Text(readonly=True)
    taken_ids = fields.Many2many("dist.message", compute="_compute_taken_ids", string="Files that were taken")

    def _compute_file_names(self):
        for mail in self:
            mail.file_names = ", ".join(mail._find_files().mapped("name"))

    def _compute_taken_ids(self):
        messages = self.env["dist.message"]
        for mail in self:
            keys = json.loads(mail.taken_keys or "[]")
            domain = [
                ("client_id", "=", mail.sudo().mailbox_id.client_id.id),
                ("idempotency_key", "in", keys),
            ]
            mail.taken_ids = messages.search(domain) if keys else messages

    # the gateway

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        mail = self.sudo().create(
            {
                **(custom_values or {}),
                "name": msg_dict.get("subject"),
                "sender": tools.email_normalize(msg_dict.get("email_from")) or msg_dict.get("email_from"),
                "reference": msg_dict.get("message_id"),
            }
        )
        files = _get_files(msg_dict)
        mail._keep_files(files)
        mail._take_mail(files)
        return mail.with_env(self.env)

    def message_update(self, msg_dict, update_vals=None):
        """An answer to a mail brings files as well: it is a mail of its own."""
        self.message_new(msg_dict, {"mailbox_id": self.mailbox_id.id})
        return super().message_update(msg_dict, update_vals)

    def message_post(self, **values):
        # the files are kept apart: whoever reads the mail need not be one who may read them
        return super().message_post(**{**values, "attachments": None})

    def _keep_files(self, files):
        """Keep what came with the mail; like the content of messages it is not for everybody.

        :param files: list of (name, bytes)
        """
        place = {
            "res_model": self._name,
            "res_field": "files",
            "res_id": self.id,
            "company_id": self.company_id.id,
        }
        self.env["ir.attachment"].create(
            [{"name": name or "file", "raw": content, **place} for name, content in files]
        )

    def _take_mail(self, files):
        if not self.mailbox_id._is_agreed(self.sender):
            self._put_aside("unknown_sender")
            return
        self._take_files([file for file in files if self.mailbox_id._wants(file[0])])

    def _take_files(self, files):
        """Hand files on.

        :param files: list of (name, bytes)
        """
        flow = self.mailbox_id._find_flow()
        if not flow or not files:
            self._put_aside("no_file" if flow else "no_flow")
            return
        messages, keys = self.env["dist.message"], []
        for name, content in files:
            values = self._prepare_message(flow, name, content)
            messages._receive(values, content)
            keys.append(values["idempotency_key"])
        # they are stored whatever becomes of this transaction, which does not see them
        self.write({"state": "taken", "taken_keys": json.dumps(keys)})
        messages._schedule_inbox(flow.criticality)

    def _prepare_message(self, flow, name, content):
        mailbox, current = self.mailbox_id, trace.new()
        digest = hashlib.sha256(content).hexdigest()
        return {
            "client_id": mailbox.client_id.id,
            "system_id": mailbox.system_id.id,
            "company_id": mailbox.company_id.id,
            "flow_id": flow.id,
            "message_type_id": flow.message_type_id.id,
            "version_id": flow._get_version().id,
            "criticality": flow.criticality,
            "content_format": flow.content_format,
            # a mail that is delivered twice has one effect; anybody may use an id again for something else
            "idempotency_key": f"mail {mailbox.id} {(self.reference or '')[:150]} {digest[:32]}",
            "request_hash": digest,
            "trace_id": current.trace_id,
            "traceparent": current.header,
            "source_name": (name or "")[:255],
            "payload": None,
            "next_attempt_at": fields.Datetime.now(),
        }

    # what a person decides

    def _put_aside(self, state):
        """Keep the mail for a person."""
        self.state = state
        summary, suggestion = self._describe_waiting(state)
        self.env["dist.exception"]._open_without_message(
            ExceptionSpec(
                category="identity" if state == "unknown_sender" else "delivery",
                code=CODES[state],
                summary=summary,
                detail=_(
                    "%(sender)s: %(subject)s (%(mailbox)s)",
                    sender=self.sender,
                    subject=self.name or "",
                    mailbox=self.mailbox_id.name,
                ),
                record=self,
                severity="normal",
                suggestion=suggestion,
                fingerprint=f"mail/{self.id}",
            ),
            self.company_id,
            self.system_id,
        )

    def _describe_waiting(self, state):
        """:return: (what happened, what to do)"""
        return {
            "unknown_sender": (
                _(
                    "A mail to %(mailbox)s comes from %(sender)s",
                    mailbox=self.mailbox_id.name,
                    sender=self.sender,
                ),
                _(
                    "Open the mail: take it if it is the partner's, and add the sender to the mailbox; or ignore it."
                ),
            ),
            "no_file": (
                _("A mail to %s brings no file that is taken", self.mailbox_id.name),
                _("Open the mail: take what is attached all the same, answer the sender, or ignore it."),
            ),
            "no_flow": (
                _("A mail to %s has no active flow", self.mailbox_id.name),
                _("Activate the flow, then open the mail and take it."),
            ),
        }[state]

    def action_take(self):
        """Take what is attached, although the sender or the names of the files were not agreed."""
        self._check_may_act()
        for mail in self:
            files = [(one.name, one.raw) for one in mail._find_files() if one.raw]
            if not files:
                raise UserError(_("Nothing is attached to this mail."))
            self.env["dist.audit.entry"]._add("overridden", mail, reason=_("Taken by hand"))
            mail.sudo()._take_files(files)
            if mail.state != "taken":
                raise UserError(_("There is no active flow that takes it."))
            mail._close_exceptions()
        return True

    def action_ignore(self):
        """Leave a mail aside."""
        self._check_may_act()
        for mail in self:
            self.env["dist.audit.entry"]._add("ignored", mail)
            mail.sudo().state = "ignored"
            mail._close_exceptions()
        return True

    def _find_files(self):
        """:return: ir.attachment as superuser, what came with the mail"""
        domain = [("res_model", "=", self._name), ("res_field", "=", "files"), ("res_id", "=", self.id)]
        return self.env["ir.attachment"].sudo().search(domain, order="id")

    def action_reveal(self):
        """Show in clear what is attached, once; who looked is kept."""
        return self._open_revealed("dist.edi.mail.reveal", "mail_id")

    def _check_may_act(self):
        """:raises AccessError: the user is no operator
        :raises UserError: a mail was settled in between
        """
        self.check_access_rule("read")
        self.env["dist.message"]._check_may_act_on_all()
        if any(mail.state not in WAITING for mail in self):
            raise UserError(_("This was settled in between."))

    def _close_exceptions(self):
        self.env["dist.exception"].sudo()._close_for_record(self, list(CODES.values()))

    def action_view_taken(self):
        self.ensure_one()
        return self.env["dist.message"]._get_list_action([("id", "in", self.taken_ids.ids)])


def _get_files(msg_dict):
    """:return: list of (name, bytes) of what is attached; the gateway reads some of it as texts, of a charset"""
    return [
        (name, content.encode(info.get("encoding") or "utf-8") if isinstance(content, str) else content)
        for name, content, info in msg_dict.get("attachments") or []
    ]
