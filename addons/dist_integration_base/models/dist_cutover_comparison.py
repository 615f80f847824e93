import json
import logging
from datetime import timedelta

from odoo import _, api, fields, models

from ..lib import strict_json
from ..lib.difference import compare
from ..lib.erasure import by_name
from ..lib.masking import Masking, collect
from .dist_cutover_difference import PATTERN
from .dist_masked_mixin import CLEAR
from .dist_message import pretty

_logger = logging.getLogger(__name__)

BATCH = 500
# a counterpart that has not come by then will not come
LOOK_DAYS = 7


class DistCutoverComparison(models.Model):
    """What this interface would have done, beside what the old one did, for one document of a flow."""

    _name = "dist.cutover.comparison"
    _description = "Cut-over comparison"
    _inherit = ["dist.company.mixin", "dist.kept.mixin", "dist.masked.mixin"]
    _order = "id desc"
    _rec_name = "key"

    flow_id = fields.Many2one("dist.flow", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="flow_id.company_id", store=True, index=True)
    system_id = fields.Many2one(related="flow_id.system_id", store=True)
    message_type_id = fields.Many2one(related="flow_id.message_type_id", store=True)
    direction = fields.Selection(related="flow_id.direction", store=True)
    key = fields.Char(string="Document number", readonly=True, index=True)
    message_id = fields.Many2one("dist.message", readonly=True, ondelete="set null", index="btree_not_null")
    ours = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    reference = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    ours_view = fields.Text(compute="_compute_views", string="This interface")
    reference_view = fields.Text(compute="_compute_views", string="Old interface")
    reference_source = fields.Selection(
        [("odoo", "Found in Odoo"), ("reported", "Reported by the old interface")], readonly=True
    )
    res_model = fields.Char(string="Counterpart model", readonly=True)
    res_id = fields.Many2oneReference(string="Counterpart", model_field="res_model", readonly=True)
    state = fields.Selection(
        [
            ("waiting", "No counterpart yet"),
            ("unmatched", "Only the old interface"),
            ("equal", "Equal"),
            ("different", "Different"),
            ("failed", "Would have failed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    error_code = fields.Char(readonly=True)
    error = fields.Char(readonly=True)
    difference_ids = fields.One2many(
        "dist.cutover.difference", "comparison_id", string="Differences", readonly=True
    )
    difference_count = fields.Integer(readonly=True)
    compared_at = fields.Datetime(readonly=True)
    is_accepted = fields.Boolean(string="Explained", readonly=True)
    accepted_by_id = fields.Many2one("res.users", string="Explained by", readonly=True)
    accept_reason = fields.Char(string="Explanation", readonly=True)
    may_reveal = fields.Boolean(compute="_compute_may_reveal")

    @api.depends("ours", "reference")
    def _compute_views(self):
        for comparison in self:
            source = comparison.sudo()
            masking = source._get_masking()
            for name in ("ours", "reference"):
                document = source[name] and json.dumps(masking.hide(json.loads(source[name])))
                comparison[f"{name}_view"] = pretty(document, [])

    def _get_masking(self):
        """:return: Masking of what the type hides; the views of both interfaces may have another shape than its
        messages, so what has the name of a sensitive value is taken for one
        """
        self.ensure_one()
        paths = self.message_type_id._get_sensitive_paths()
        every = [*paths, *by_name(paths)]
        documents = [json.loads(text) for text in (self.ours, self.reference) if text]
        values = {value for document in documents for value in collect(document, every)}
        if self.message_id:
            values |= self.message_id._get_hidden_values(paths)
        return Masking(every, values if paths else ())

    @api.depends_context("uid")
    def _compute_may_reveal(self):
        allowed = self.env.user.has_group(CLEAR)
        for comparison in self:
            comparison.may_reveal = allowed and bool(comparison.message_type_id._get_sensitive_paths())

    # taking in

    @api.model
    def _record_ours(self, message, outcome):
        """Keep what this interface would have done with an inbound message.

        :param outcome: as of `dist.message._try_in_shadow`
        """
        row = self._find(message.flow_id, message.business_key, "unmatched")
        vals = {
            "flow_id": message.flow_id.id,
            "key": message.business_key,
            "message_id": message.id,
            "ours": _dump(outcome["ours"]),
            "error_code": outcome["error"] and outcome["error"]["code"],
            "error": outcome["error"] and message._redact(outcome["error"]["detail"])[:500],
        }
        if outcome["reference"] is not None and not row:
            vals.update(self._prepare_found(outcome["record"], outcome["reference"]))
        row = self._write_or_create(row, vals)
        row._compare()
        return row

    @api.model
    def _record_reference(self, flow, key, document):
        """Keep what the old interface says it did; the same report again changes nothing.

        :param document: decoded JSON
        """
        self._collect(flow)
        text = _dump(document)
        known = self.search([("flow_id", "=", flow.id), ("key", "=", key), ("reference", "=", text)], limit=1)
        if known:
            return known
        row = self._find(flow, key, "waiting") or self._find(flow, key, "unmatched")
        row = self._write_or_create(
            row, {"flow_id": flow.id, "key": key, "reference": text, "reference_source": "reported"}
        )
        row._compare()
        return row

    @api.model
    def _report(self, flow_id, key, document):
        """Take in a report of the old interface, one after another for the same document.

        :return: dict that answers the caller
        """

        def record(env):
            flow = env["dist.flow"].browse(flow_id)
            row = env["dist.cutover.comparison"]._record_reference(flow, key, document)
            return {"key": key, "status": row.state, "differences": row.difference_count}

        return self.env["dist.message"]._in_serial_transaction(f"cutover/{flow_id}/{key}", record)

    @api.model
    def _find(self, flow, key, state):
        return self.search(
            [("flow_id", "=", flow.id), ("key", "=", key), ("state", "=", state)], order="id", limit=1
        )

    @api.model
    def _write_or_create(self, row, vals):
        if not row:
            return self.create(vals)
        row.write(vals)
        return row

    @api.model
    def _prepare_found(self, record, document):
        return {
            "reference": _dump(document),
            "reference_source": "odoo",
            "res_model": record[0],
            "res_id": record[1],
        }

    @api.model
    def _collect(self, flows):
        """Take in the outbound messages that were built in the shadow."""
        self.env.cr.execute(
            """
            SELECT message.id FROM dist_message AS message
            WHERE message.flow_id IN %s AND message.direction = 'out' AND message.stage = 'shadow'
              AND NOT EXISTS (SELECT FROM dist_cutover_comparison AS known WHERE known.message_id = message.id)
            ORDER BY message.id LIMIT %s
            """,
            (tuple(flows.ids or [0]), BATCH),
        )
        messages = self.env["dist.message"].sudo().browse([row[0] for row in self.env.cr.fetchall()])
        for message in messages:
            document = json.loads(message._get_wire_body())["data"]
            row = self._find(message.flow_id, message.business_key, "unmatched")
            self.sudo()._write_or_create(
                row,
                {
                    "flow_id": message.flow_id.id,
                    "key": message.business_key,
                    "message_id": message.id,
                    "ours": _dump(document),
                },
            )._compare()

    # comparing

    def _compare(self):
        for row in self:
            differences = row._find_differences()
            row.write(
                {
                    "state": row._get_state(differences),
                    "difference_ids": [fields.Command.clear()]
                    + [fields.Command.create(row._prepare_difference(item)) for item in differences],
                    "difference_count": len(differences),
                    "compared_at": fields.Datetime.now(),
                    "is_accepted": False,
                }
            )

    def _find_differences(self):
        self.ensure_one()
        if self.error_code or not (self.ours and self.reference):
            return []
        rules = self.flow_id._get_comparison_rules().without_names(self._get_masking().is_hidden)
        return compare(json.loads(self.ours), json.loads(self.reference), rules)

    def _get_state(self, differences):
        if self.error_code:
            return "failed"
        if not self.ours:
            return "unmatched"
        if not self.reference:
            return "waiting"
        return "different" if differences else "equal"

    def _prepare_difference(self, item):
        return {
            "path": item.path[:PATTERN],
            "pattern": item.pattern[:PATTERN],
            "kind": item.kind,
            "ours_value": _dump(item.ours),
            "reference_value": _dump(item.reference),
        }

    def _look_again(self):
        """Find the counterparts that came later than our message."""
        for row in self.filtered(
            lambda row: row.state == "waiting" and row.direction == "in" and row.message_id
        ):
            try:
                with self.env.cr.savepoint():
                    row._find_counterpart()
            except Exception:  # pylint: disable=broad-except
                _logger.exception("The counterpart of comparison %s cannot be read", row.id)
                row.sudo().error = _("The counterpart cannot be read; see the log of the server.")

    def _find_counterpart(self):
        message = self.sudo().message_id._in_service_environment()
        record, view = message._get_handler()._read_counterpart(message, message._get_valid_payload())
        if view is not None:
            self.sudo().write(self._prepare_found((record._name, record.id), view))
            self.sudo()._compare()

    @api.model
    def _cron_compare(self):
        flows = self.env["dist.flow"].search([("stage", "=", "shadow")])
        self._collect(flows)
        since = fields.Datetime.now() - timedelta(days=LOOK_DAYS)
        self.search([("state", "=", "waiting"), ("create_date", ">=", since)], limit=BATCH)._look_again()

    # what a person does

    def action_look_again(self):
        """Compare anew, with the rules the flow has now."""
        self.check_access_rights("write")
        self.check_access_rule("write")
        self._look_again()
        self.sudo()._compare()

    def action_ask_accept(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.cutover.accept",
            "views": [(False, "form")],
            "target": "new",
            "name": _("Explain differences"),
            "context": {"default_comparison_ids": [fields.Command.set(self.ids)]},
        }

    def _accept(self, reason):
        self.check_access_rights("write")
        self.check_access_rule("write")
        self.sudo().write({"is_accepted": True, "accepted_by_id": self.env.uid, "accept_reason": reason})
        self.env["dist.audit.entry"]._add_each("explained", self, reason=reason)

    def action_reveal(self):
        """Show both documents in clear, once; who looked is kept."""
        return self._open_revealed("dist.cutover.reveal", "comparison_id")

    def action_view_message(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.message",
            "res_id": self.message_id.id,
            "views": [(False, "form")],
        }

    @api.model
    def _get_list_action(self, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_cutover_comparison"
        )
        return {**action, "domain": domain}


def _dump(document):
    return None if document is None else strict_json.dumps(document).decode()
