from lxml import etree

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .transaction import get_state


class ChangeKept(UserError):
    """The change is not applied: it was kept as a request. Shown with a button that opens it.

    :param message: sentence for the person
    :param action: opens the request
    :param button: label of the button
    """

    def __init__(self, message, action, button):
        super().__init__(message)
        self.context = {"action": action, "button": button}


class DistGuardedMixin(models.AbstractModel):
    """Configuration whose high-impact changes wait for a second person (G4).

    Which ones do is said by `dist.change.rule`; nothing does until an administrator turns approval on. What a person
    saves is then kept as a change request, in a transaction of its own, and refused here. A model takes the mixin
    with one line; it is audited as well.
    """

    _name = "dist.guarded.mixin"
    _description = "Configuration under change approval"
    _inherit = ["dist.audited.mixin"]

    dist_pending_change = fields.Char(compute="_compute_dist_pending_change", string="Change that waits")

    def _compute_dist_pending_change(self):
        waiting = self.env["dist.change.request"].sudo()._get_open_requests(self)
        for record in self:
            found = waiting.get(record.id)
            record.dist_pending_change = found and _(
                "A change asked for by %(person)s is not applied yet: %(request)s.",
                person=found.requester_id.name,
                request=found.name,
            )

    def _get_secret_fields(self):
        """:return: list of fields whose value is kept encrypted and shown as a fingerprint"""
        return []

    def _get_secret_text(self, name, value=None):
        """:param name: one of the secret fields
        :param value: a new secret; None for the one that is kept
        :return: text that tells the secret apart and does not give it away; empty when there is none
        """
        fingerprint = self.env["dist.keyring"]._fingerprint(value) if value else self.fingerprint
        return _("Fingerprint %s", fingerprint) if fingerprint else ""

    @api.model_create_multi
    def create(self, vals_list):
        self._guard_create(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._guard("write", vals)
        return super().write(vals)

    def unlink(self):
        self._guard("unlink", {})
        return super().unlink()

    @api.model
    def _guard_create(self, vals_list):
        rules = self._get_change_rules()
        if not rules:
            return
        for vals in vals_list:
            complete = self._add_missing_default_values(vals)
            if rules._applies(self.new(complete), "create", vals):
                self._ask_instead("create", vals)

    def _guard(self, kind, vals):
        """
        :param kind: ``write`` or ``unlink``
        :raises ChangeKept: the change waits for a second person; says where it was kept
        """
        rules = self._get_change_rules()
        guarded = self.filtered(lambda record: rules._applies(record, kind, vals)) if rules else None
        if guarded:
            guarded._ask_instead(kind, vals)

    def _needs_approval(self, vals):
        """Whether writing these values would have to wait."""
        rules = self._get_change_rules()
        return bool(rules) and rules._applies(self, "write", vals)

    @api.model
    def _get_change_rules(self):
        """:return: dist.change.rule, those that concern whoever is acting"""
        rules = self.env["dist.change.rule"]
        if get_state(self.env.cr).approved or not self.env.registry.ready:
            return rules
        return rules.sudo().browse(rules._get_rule_ids(self._name, self.env.su))

    def _ask_instead(self, kind, vals):
        """Keep the change as requests of the user, committed at once, and refuse it here."""
        model_name, ids, user_id = self._name, self.ids, self.env.uid
        companies = self.env.companies.ids

        def keep(env):
            user_env = env(user=user_id, context={"allowed_company_ids": companies}, su=True)
            records = user_env[model_name].browse(ids)
            kept = user_env["dist.change.request"]._keep(kind, records, vals)
            return kept.mapped("name"), kept._get_open_action()

        # this transaction does not see what that one wrote
        names, action = self.env["dist.message"]._in_own_transaction(keep)
        raise ChangeKept(
            _(
                "This change needs a second person. It is not applied, but kept as %s: say why it is needed there, "
                "and ask for approval. You can discard it here.",
                ", ".join(names),
            ),
            action,
            _("Open the change request"),
        )

    def action_view_changes(self):
        """Open the change requests about these records."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_change_request"
        )
        domain = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        return {**action, "domain": domain, "context": {}}

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            _add_banner(arch, _("Show"))
        return arch, view


def _add_banner(arch, label):
    """Say above the sheet of a form that a change of the record waits."""
    sheet = arch.find("sheet")
    if sheet is None or arch.find(".//field[@name='dist_pending_change']") is not None:
        return
    banner = etree.Element(
        "div", {"class": "alert alert-warning mb-0", "role": "alert", "invisible": "not dist_pending_change"}
    )
    etree.SubElement(banner, "field", {"name": "dist_pending_change", "class": "d-inline"})
    attributes = {
        "name": "action_view_changes",
        "type": "object",
        "class": "btn-link p-0 ms-2",
        "string": label,
    }
    etree.SubElement(banner, "button", attributes)
    sheet.addprevious(banner)
