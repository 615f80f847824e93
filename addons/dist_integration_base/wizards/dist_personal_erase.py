import re

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..lib.erasure import erase_text, is_identifier, may_identify

WORDS = re.compile(r"\w+")


class DistPersonalErase(models.TransientModel):
    """Take a person's data out of the messages: look first, then erase.

    A change rule may have the erasing, as a new record of this kind, wait for a second person; looking never does.
    """

    _name = "dist.personal.erase"
    _description = "Erase a person's data"
    _inherit = ["dist.wizard.mixin", "dist.guarded.mixin"]

    partner_id = fields.Many2one("res.partner", string="Person")
    identifiers = fields.Text(
        compute="_compute_identifiers",
        store=True,
        readonly=False,
        help="One a line: e-mail address, phone number, external id. Only what no other person has: every message in "
        "which one of them stands as a whole is found, numbers also with other separators.",
    )
    company_id = fields.Many2one(
        "res.company", readonly=True, help="Only in it; empty: in all that are chosen."
    )
    reason = fields.Char(
        required=True, help="Such as the number of the person's request. Kept in the audit trail."
    )
    is_searched = fields.Boolean(readonly=True)
    is_done = fields.Boolean(readonly=True)
    message_ids = fields.Many2many(
        "dist.message", "dist_personal_erase_found_rel", string="To be erased", readonly=True
    )
    left_ids = fields.Many2many(
        "dist.message", "dist_personal_erase_left_rel", string="Left as they are", readonly=True
    )
    beside = fields.Text(
        string="Elsewhere", readonly=True, help="Other records that lose what identifies the person."
    )
    unreadable = fields.Text(
        string="Files that cannot be read",
        readonly=True,
        help="Damaged, lost or too large to unpack: they were searched as far as they can be read.",
    )
    message_count = fields.Integer(compute="_compute_counts", string="Messages to be erased")
    left_count = fields.Integer(compute="_compute_counts", string="Messages left")

    @api.depends("partner_id")
    def _compute_identifiers(self):
        for wizard in self:
            if wizard.partner_id:
                wizard.identifiers = "\n".join(wizard._get_partner_identifiers())

    def _get_partner_identifiers(self):
        """:return: list of texts that stand for the person: addresses, numbers and external ids"""
        partner = self.partner_id
        names = [name for name in ("email", "phone", "mobile", "vat", "ref") if name in partner._fields]
        bindings = self.env["dist.binding"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", partner.id)]
        )
        values = [*(partner[name] for name in names), *bindings.mapped("external_id")]
        return list(dict.fromkeys(value for value in values if value and may_identify(value)))

    @api.depends("message_ids", "left_ids")
    def _compute_counts(self):
        for wizard in self:
            wizard.message_count = len(wizard.message_ids)
            wizard.left_count = len(wizard.left_ids)

    def _get_identifiers(self):
        """:return: list of texts
        :raises UserError: one may stand for much else
        """
        values = [line.strip() for line in (self.identifiers or "").splitlines() if line.strip()]
        for value in values:
            if not self._stands_for_one(value):
                raise UserError(
                    _(
                        "%s does not stand for one person only. Write an e-mail address, a full name, or a number of "
                        "six or more characters, at least four of them digits, that no document has, a telephone "
                        "number with all its digits; or choose the contact.",
                        value,
                    )
                )
        if not values and not self.partner_id:
            raise UserError(_("Choose a person, or write what identifies one."))
        return values

    def _get_particulars(self):
        """:return: list of texts that others may have too: erased where the person is found, not searched alone"""
        messages = self.env["dist.message"]
        streets = messages._get_places(messages._find_contacts(self.partner_id), ("street", "street2"))
        return [*filter(None, self.partner_id.mapped("name")), *streets]

    def _stands_for_one(self, value):
        """Whether a text stands for one person only: by its shape, or because a contact is known by it."""
        if is_identifier(value) and not self._is_term(value):
            return True
        return may_identify(value) and self._is_of_contact(value)

    @api.model
    def _is_term(self, value):
        """Whether all words of a text are words of the screens, such as Change Approval."""
        if "@" in value:
            return False
        labels = self.env["ir.model.fields"].sudo().search([]).mapped("field_description")
        known = {word.casefold() for label in labels for word in WORDS.findall(label)}
        words = WORDS.findall(value)
        return bool(words) and all(word.casefold() in known for word in words)

    def _is_of_contact(self, value):
        contacts = self.env["res.partner"].with_context(active_test=False).search([("name", "ilike", value)])
        names = [*filter(None, contacts.mapped("name")), *self._get_partner_identifiers()]
        return value.casefold() in {name.casefold() for name in names}

    def _check_right(self):
        if not self.env.user.has_group("dist_integration_base.group_dist_manager"):
            raise AccessError(_("Only a manager erases personal data."))

    def _find(self):
        """:return: (messages to be erased, messages that are left)"""
        found = self.env["dist.message"]._find_personal(self.partner_id, self._get_identifiers())
        erasable = found & self.env["dist.message"].browse(found._filter_erasable().ids)
        return erasable, found - erasable

    def action_search(self):
        """Show what would be erased; nothing is changed."""
        self.ensure_one()
        self._check_right()
        erasable, left = self._find()
        self.write(
            {
                "is_searched": True,
                "message_ids": [fields.Command.set(erasable.ids)],
                "left_ids": [fields.Command.set(left.ids)],
                "beside": self._get_beside(left),
                "unreadable": self._get_unreadable(),
            }
        )
        return self._show()

    def _get_beside(self, left):
        """:return: text, a line for each kind of record with its number"""
        counts = self.env["dist.personal.data"]._count_beside(self._get_identifiers(), left)
        lines = [
            f"{self.env['ir.model']._get(model_name).name}: {count}"
            for model_name, count in counts.items()
            if count
        ]
        return "\n".join(lines)

    def _get_unreadable(self):
        """:return: text, a line for each file of which nobody knows all that stands in it"""
        files = self.env["dist.personal.data"]._find_unreadable()
        return "\n".join(
            f"{file.name} ({self.env[file.res_model].sudo().browse(file.res_id).display_name})"
            for file in files
        )

    def action_erase(self):
        """Erase, as of now: what was settled since the search is found as well."""
        self.ensure_one()
        self._check_right()
        self._ask_second_person()
        erasable, left = self._find()
        values = [*self._get_identifiers(), *self._get_particulars()]
        events = self.env["dist.event"]._find_personal_alone(self.partner_id, self._get_identifiers())
        about = {"dist.message": erasable, "dist.exception": erasable.sudo()._get_exceptions()}
        erased = erasable._erase_personal(values)
        events.sudo()._erase_personal(values)
        reason = erase_text(self.reason, values)
        for model_name, records in about.items():
            domain = [("res_model", "=", model_name), ("res_id", "in", records.ids)]
            self.env["dist.audit.text"]._erase_about(domain, erased, reason)
        beside = self.env["dist.personal.data"]._erase_beside(
            self._get_identifiers(), set(values), left, reason
        )
        self._erase_asked(set(values), reason)
        self.env["dist.audit.entry"]._add_each("erased", erasable, reason=reason)
        self.env["dist.audit.entry"]._add(
            "erased",
            res_model="res.partner",
            res_id=self.partner_id.id,
            record_name=_(
                "A person's data in %(erased)s messages and %(others)s other records, %(left)s messages left",
                erased=len(erasable),
                others=beside + len(events),
                left=len(left),
            ),
            reason=reason,
        )
        self.write(
            {
                "message_ids": [fields.Command.set(erasable.ids)],
                "left_ids": [fields.Command.set(left.ids)],
                "is_done": True,
            }
        )
        return self._show()

    # approval

    def _ask_second_person(self):
        """:raises ChangeKept: erasing waits for a second person, in each company apart"""
        self._get_identifiers()
        asked = {"partner_id": self.partner_id.id, "identifiers": self.identifiers, "reason": self.reason}
        each = [{**asked, "company_id": company.id} for company in self.env.companies]
        kept = [vals for vals in each if self.browse()._is_guarded("create", vals)]
        if kept:
            self.browse().with_context(dist_reason=self.reason)._ask_instead("create", each)

    def _guard_create(self, vals_list):
        """The dialog waits for nobody, erasing does."""

    def _guard(self, kind, vals):
        """As of `_guard_create`."""

    def _get_audited_records(self):
        """What is done is told, not what is typed."""
        return self.browse()

    def _compute_display_name(self):
        # the name of the person would stay where it is told of
        self.display_name = _("A person's data")

    def _try_change(self, kind, vals):
        """Nothing is erased on trial: what would be is as of the moment of the approval."""
        self.new(vals)._get_identifiers()

    def _make_change(self, kind, vals, reason):
        """Erase what a second person approved."""
        self.create(vals).action_erase()
        return self.browse()

    @api.model
    def _erase_asked(self, values, reason):
        """Erase the person from what was asked for about erasing, which names them."""
        companies = [False, *self.env.companies.ids]
        about = [("res_model", "=", self._name), ("company_id", "in", companies)]
        lines = self.env["dist.change.request"].sudo().search(about).line_ids
        data = self.env["dist.personal.data"]
        kinds = data._get_erased_places()[lines._name]
        named = data._find(lines._name, kinds, list(values)) & set(lines.ids)
        data._erase_rows(lines._name, kinds, named, values, [])
        self.env["dist.audit.text"]._erase_about(about, values, reason)

    def _show(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Erase a person's data"),
        }
