import json
import logging
from functools import partial

from odoo import SUPERUSER_ID, _, api, fields, models, tools

from ..lib.audit import canonical
from .audit_protection import protect
from .dist_audited_mixin import DistAuditedMixin
from .transaction import get_state

_logger = logging.getLogger(__name__)

SEALING = "dist_integration.sealing"
ACTIONS = [
    ("created", "Created"),
    ("changed", "Changed"),
    ("deleted", "Deleted"),
    ("granted", "Right granted"),
    ("revoked", "Right taken away"),
    ("retried", "Retried"),
    ("replayed", "Replayed"),
    ("corrected", "Corrected"),
    ("cancelled", "Cancelled"),
    ("ignored", "Ignored"),
    ("overridden", "Decided by hand"),
    ("assigned", "Given to somebody"),
    ("mapped", "Code explained"),
    ("explained", "Difference explained"),
    ("posted", "Posted"),
    ("requested", "Approval asked for"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("withdrawn", "Request withdrawn"),
    ("bypassed", "Applied without approval"),
    ("key_generated", "Key made"),
    ("key_rotated", "Key replaced"),
    ("key_revoked", "Key revoked"),
    ("unmasked", "Shown in clear"),
    ("exported", "Exported"),
    ("purged", "Purged"),
    ("erased", "Personal data erased"),
]


class DistAuditEntry(models.Model):
    """One thing a person did, or had done. Append-only; chained by `dist.audit.seal` once it is committed.

    Written in the transaction of what it tells, so that both are kept or neither is, and without any lock.
    """

    _name = "dist.audit.entry"
    _description = "Audit entry"
    _order = "id desc"
    _log_access = False
    _rec_name = "record_name"

    happened_at = fields.Datetime(string="When", required=True, readonly=True, index=True)
    user_id = fields.Many2one(
        "res.users", string="Who", required=True, readonly=True, ondelete="restrict", index=True
    )
    user_login = fields.Char(string="Login", readonly=True, help="As it was at that moment.")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="restrict")
    action = fields.Selection(ACTIONS, string="What", required=True, readonly=True)
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(string="Record ID", model_field="res_model", readonly=True)
    record_name = fields.Char(string="Record", readonly=True, help="As it was at that moment.")
    part = fields.Char(readonly=True, help="The line, key or row of the record it is about.")
    changes = fields.Text(
        string="Changes (JSON)", readonly=True, help="List of field, old and new value; never a secret."
    )
    reason = fields.Char(readonly=True)
    trace_id = fields.Char(readonly=True)
    change_text = fields.Text(compute="_compute_change_text", string="Changes")
    model_name = fields.Char(compute="_compute_model_name", string="Kind of record")
    number = fields.Integer(compute="_compute_seal", string="No.", help="Place in the chain.")
    hash = fields.Char(
        compute="_compute_seal", help="SHA-256 over this entry and the hash of the one before."
    )
    is_sealed = fields.Boolean(compute="_compute_seal", string="Sealed")

    def init(self):
        protect(self.env.cr, self._table)
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS dist_audit_entry_record_idx ON dist_audit_entry (res_model, res_id)"
        )

    @api.depends("changes", "res_model", "part")
    @api.depends_context("lang")
    def _compute_change_text(self):
        for entry in self:
            changes = json.loads(entry.changes or "[]")
            model = entry._get_changed_model() if changes else None
            entry.change_text = "\n".join(
                f"{_get_label(model, change['field'])}: {_text(change['old'])} → {_text(change['new'])}"
                for change in changes
            )

    def _get_changed_model(self):
        """:return: the model that changed fields are of: that of the record, or of its line, key or row that the entry
        is about; None when it is gone
        """
        kind = (self.part or "").partition(": ")[0]
        name = self._get_audited_kinds().get(kind, self.res_model)
        return self.env[name] if name in self.env else None

    @api.model
    @tools.ormcache()
    def _get_audited_kinds(self):
        """:return: dict, description of a model to its name, as the part of an entry begins with it"""
        return {
            model._description: name
            for name, model in self.env.items()
            if isinstance(model, DistAuditedMixin) and not model._abstract
        }

    @api.depends("res_model")
    def _compute_model_name(self):
        for entry in self:
            known = entry.res_model and entry.res_model in self.env
            entry.model_name = (
                self.env["ir.model"]._get(entry.res_model).name if known else entry.res_model or _("Settings")
            )

    def _compute_seal(self):
        seals = self.env["dist.audit.seal"].sudo().search([("entry_id", "in", self.ids)])
        found = {seal.entry_id.id: seal for seal in seals}
        for entry in self:
            seal = found.get(entry.id, seals.browse())
            entry.number, entry.hash, entry.is_sealed = seal.number, seal.hash, bool(seal)

    # writing

    @api.model
    def _add(self, action, record=None, user_id=None, **values):
        """Write an entry in this transaction; it is sealed after the commit.

        :param action: key of ``ACTIONS``
        :param record: what it is about, one record, or None
        :param user_id: who did it; the user of the environment when left out
        :param values: ``changes`` (list of dicts with ``field``, ``old`` and ``new``), ``reason``, ``part``,
            ``record_name``, ``company_id``, ``res_model``, ``res_id``
        """
        return self._add_many([{"action": action, **self._prepare_record(record), **values}], user_id)

    @api.model
    def _add_each(self, action, records, user_id=None, **values):
        """Write an entry for each record."""
        return self._add_many(
            [{"action": action, **self._prepare_record(record), **values} for record in records], user_id
        )

    @api.model
    def _prepare_record(self, record):
        if not record:
            return {}
        record = record.sudo()
        company = record.company_id if "company_id" in record._fields else None
        return {
            "res_model": record._name,
            "res_id": record.id,
            "record_name": record.display_name,
            "company_id": company.id if company else False,
        }

    @api.model
    def _add_many(self, vals_list, user_id=None):
        if not vals_list:
            return self.browse()
        user = self.env["res.users"].sudo().browse(user_id or self.env.uid)
        common = {
            "happened_at": fields.Datetime.now(),
            "user_id": user.id,
            "user_login": user.login,
            "trace_id": get_state(self.env.cr).trace.trace_id,
        }
        entries = self.sudo().create(
            [{**common, **vals, "changes": canonical_changes(vals.get("changes"))} for vals in vals_list]
        )
        self.env["dist.audit.pending"].sudo().create([{"entry_id": entry.id} for entry in entries])
        self._seal_after_commit()
        return entries

    @api.model
    def _seal_after_commit(self):
        postcommit = self.env.cr.postcommit
        # while addons are loaded others may hold locks on the tables: the scheduled action seals then
        if SEALING not in postcommit.data and self.env.registry.ready:
            postcommit.data[SEALING] = True
            postcommit.add(partial(_seal, self.env.registry, postcommit))

    def _get_content(self):
        """:return: canonical text of the entry, which its hash covers"""
        self.ensure_one()
        return canonical(
            {
                "id": self.id,
                "at": fields.Datetime.to_string(self.happened_at),
                "user": self.user_id.id,
                "login": self.user_login or None,
                "company": self.company_id.id or None,
                "action": self.action,
                "model": self.res_model or None,
                "record": self.res_id or None,
                "name": self.record_name or None,
                "part": self.part or None,
                "changes": json.loads(self.changes or "[]", parse_float=str),
                "reason": self.reason or None,
                "trace": self.trace_id or None,
            }
        )

    # what a person does

    @api.model
    def _get_action(self, records):
        """:return: action that lists the entries about these records"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_audit_entry"
        )
        domain = [("res_model", "=", records._name), ("res_id", "in", records.ids)]
        return {**action, "domain": domain, "context": {}}

    def action_open_record(self):
        self.ensure_one()
        if self.res_model not in self.env or not self.env[self.res_model].browse(self.res_id).exists():
            return self.env["dist.endpoint"]._get_notification(_("This record is gone."), "warning")
        return self.env[self.res_model].browse(self.res_id)._dist_open()

    def action_verify(self):
        """Follow the whole chain and show what was found."""
        return self.env["dist.audit.verification"]._open()


def canonical_changes(changes):
    """:return: JSON text of changes, False when there are none; numbers with decimals and dates are texts, because the
    chain holds nothing that is written in two ways
    """
    if not changes:
        return False
    exact = json.loads(json.dumps(changes, default=str), parse_float=str)
    return json.dumps(exact, ensure_ascii=False)


def _get_label(model, name):
    """:return: the label of a field, in the user's language, with its name beside; only that where there is no field"""
    field = None if model is None else model._fields.get(name.partition(" (")[0])
    return f"{field._description_string(model.env)} ({name})" if field else name


def _text(value):
    return "–" if value in (None, False, "") else str(value)


def _seal(registry, postcommit):
    postcommit.data.pop(SEALING, None)
    try:
        with registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["dist.audit.seal"]._seal()
    except Exception:  # pylint: disable=broad-except
        # the entries are committed and wait in dist.audit.pending for the scheduled action
        _logger.exception("Audit entries could not be sealed; the scheduled action does it")
