from zoneinfo import ZoneInfo

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..lib.acknowledgement import acknowledge_envelope, acknowledge_group, acknowledge_interchange
from ..lib.charset import CHARSETS
from ..lib.envelope import Address
from ..lib.separators import EDIFACT, X12, Separators

STANDARDS = [(X12, "X12"), (EDIFACT, "EDIFACT")]
DEFAULTS = {
    X12: {
        "element_separator": "*",
        "component_separator": ">",
        "terminator": "~",
        "repetition_separator": "^",
        "release_character": False,
        "version": "004010",
        "acknowledgement": "997",
    },
    EDIFACT: {
        "element_separator": "+",
        "component_separator": ":",
        "terminator": "'",
        "repetition_separator": False,
        "release_character": "?",
        "version": "D96A",
        "acknowledgement": "CONTRL",
    },
}
SEPARATORS = (
    "element_separator",
    "component_separator",
    "terminator",
    "repetition_separator",
    "release_character",
)
# canonical unit to the unit it means in an Odoo that was not told otherwise
USUAL_UNITS = {
    "EA": "uom.product_uom_unit",
    "DZN": "uom.product_uom_dozen",
    "KGM": "uom.product_uom_kgm",
    "GRM": "uom.product_uom_gram",
    "LBR": "uom.product_uom_lb",
    "ONZ": "uom.product_uom_oz",
    "LTR": "uom.product_uom_litre",
    "MTR": "uom.product_uom_meter",
}


class DistEdiPartner(models.Model):
    """Who exchanges EDI documents with us, and in which form: the trading partner's profile."""

    _name = "dist.edi.partner"
    _description = "Trading partner"
    _inherit = ["dist.company.mixin", "mail.thread", "dist.guarded.mixin"]
    _order = "name"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    system_id = fields.Many2one(
        "dist.system",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        help="The system whose endpoints, flows and code maps serve this partner. Item numbers and units of the "
        "partner are explained in its code maps (product, unit).",
    )
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        check_company=True,
        tracking=True,
        help="Customer or supplier whose documents are sent to this partner.",
    )
    channel_id = fields.Many2one(
        "dist.sales.channel",
        string="Sales channel",
        check_company=True,
        domain="[('system_id', '=', system_id)]",
        help="Takes the orders of this partner.",
    )
    client_id = fields.Many2one(
        "dist.api.client",
        string="In the name of",
        check_company=True,
        domain="[('system_id', '=', system_id)]",
        help="Files that a person uploads are handled with the rights of this API client.",
    )
    standard = fields.Selection(STANDARDS, required=True, default=X12, tracking=True)
    version = fields.Char(
        required=True,
        default="004010",
        tracking=True,
        help="Such as 004010 or D96A; an agreed document may have its own.",
    )
    own_qualifier = fields.Char(string="Our qualifier", tracking=True, help="Such as ZZ, 01 or 14.")
    own_identifier = fields.Char(string="Our identifier", required=True, tracking=True)
    own_group = fields.Char(string="Our group identifier", help="In GS02; our identifier when empty.")
    qualifier = fields.Char(tracking=True, help="The partner's, such as ZZ, 01 or 14.")
    identifier = fields.Char(required=True, tracking=True)
    group_identifier = fields.Char(help="In GS03; the identifier when empty.")
    is_test = fields.Boolean(
        string="Test",
        default=True,
        tracking=True,
        help="What is sent is marked as a test. What is received as a test never touches live documents, whatever "
        "is said here.",
    )
    element_separator = fields.Char(required=True, default="*", help="A character, or its code such as 0x1D.")
    component_separator = fields.Char(required=True, default=">", help="A character, or its code.")
    terminator = fields.Char(required=True, default="~", help="A character, or its code such as 0x15.")
    repetition_separator = fields.Char(default="^", help="A character, or its code. Only from 004020 on.")
    release_character = fields.Char(help="EDIFACT only, mostly a question mark.")
    line_breaks = fields.Boolean(default=True, help="A line break behind each segment.")
    una = fields.Boolean(string="UNA", default=True, help="Announce the separators in front of UNB.")
    decimal_mark = fields.Selection([(".", "Point"), (",", "Comma")], required=True, default=".")
    syntax = fields.Selection(
        [(code, code) for code in sorted(CHARSETS)], string="Character set", required=True, default="UNOC"
    )
    syntax_version = fields.Selection([("3", "3"), ("4", "4")], required=True, default="3")
    acknowledgement = fields.Selection(
        [("none", "None"), ("997", "997"), ("999", "999"), ("CONTRL", "CONTRL")],
        string="Acknowledge by",
        required=True,
        default="997",
        tracking=True,
        help="What we answer to the documents of the partner.",
    )
    tell_warnings = fields.Boolean(help="Acknowledge warnings as accepted with errors.")
    acknowledgement_hours = fields.Integer(
        string="Acknowledged within (hours)",
        default=24,
        tracking=True,
        help="Time in which the partner acknowledges what we sent. 0: no acknowledgement is expected.",
    )
    duplicate_days = fields.Integer(
        string="Duplicates within (days)",
        default=180,
        help="How far back a control number is looked for when one comes again.",
    )
    approve_orders = fields.Boolean(
        string="Orders are approved",
        tracking=True,
        help="A second person approves each purchase order before it is transmitted.",
    )
    transit_days = fields.Integer(
        string="Days in transit",
        tracking=True,
        help="From the supplier's door to ours, where the supplier tells when goods leave.",
    )
    bill_policy = fields.Selection(
        [("draft", "Left as drafts"), ("posted", "Posted: released for payment")],
        string="Bills that match are",
        required=True,
        default="draft",
        tracking=True,
    )
    charge_product_id = fields.Many2one(
        "product.product",
        string="Item for charges",
        check_company=True,
        help="Charges and allowances of a whole invoice are billed as this item, with its account and taxes.",
    )
    tolerance_ids = fields.One2many("dist.edi.tolerance", "edi_partner_id", string="Tolerances")
    agreement_ids = fields.One2many("dist.edi.agreement", "edi_partner_id", string="Agreed documents")
    counter_ids = fields.One2many("dist.edi.counter", "edi_partner_id", string="Control numbers")
    missing = fields.Char(compute="_compute_missing", string="Still missing")

    _sql_constraints = [
        ("hours_positive", "CHECK(acknowledgement_hours >= 0)", "Hours are not negative."),
        ("transit_days_positive", "CHECK(transit_days >= 0)", "Days in transit are not negative."),
        ("duplicate_days_positive", "CHECK(duplicate_days > 0)", "Duplicates are looked for a day at least."),
    ]

    def init(self):
        # one row says whose an interchange is; an empty qualifier is a qualifier
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_edi_partner_address_uniq ON dist_edi_partner "
            "(system_id, standard, COALESCE(qualifier, ''), identifier, COALESCE(own_qualifier, ''), own_identifier) "
            "WHERE active"
        )

    @api.model
    def _get_company_parents(self):
        return ["system_id"]

    @api.model_create_multi
    def create(self, vals_list):
        complete = [{**self._get_form_defaults(vals.get("standard", X12)), **vals} for vals in vals_list]
        partners = super().create(complete)
        self.env["dist.edi.counter"].sudo()._create_for(partners)
        return partners

    @api.model
    def _get_form_defaults(self, standard):
        """:return: dict of what is usual in a standard"""
        return DEFAULTS.get(standard, {})

    @api.onchange("standard")
    def _onchange_standard(self):
        self.update(self._get_form_defaults(self.standard))

    @api.constrains("channel_id", "client_id", "system_id")
    def _check_system(self):
        for partner in self:
            for record in (partner.channel_id, partner.client_id):
                if record and record.system_id != partner.system_id:
                    raise ValidationError(
                        _(
                            "%(record)s is not of the system %(system)s.",
                            record=record.display_name,
                            system=partner.system_id.name,
                        )
                    )

    @api.constrains("standard", "syntax", "syntax_version", "line_breaks", "una", "decimal_mark", *SEPARATORS)
    def _check_separators(self):
        for partner in self:
            marks = partner._get_separators().special()
            if len(set(marks)) != len(marks):
                raise ValidationError(_("Two separators of %s are the same character.", partner.name))
            if any(mark.isalnum() or mark == " " for mark in marks):
                raise ValidationError(_("A separator of %s is a letter, a digit or a blank.", partner.name))

    @api.constrains("standard", "acknowledgement")
    def _check_acknowledgement(self):
        for partner in self:
            if partner.acknowledgement != "none" and (
                (partner.acknowledgement == "CONTRL") != (partner.standard == EDIFACT)
            ):
                raise ValidationError(
                    _(
                        "%(standard)s has no %(code)s.",
                        standard=partner.standard,
                        code=partner.acknowledgement,
                    )
                )

    @api.constrains("standard", "identifier", "own_identifier", "qualifier", "own_qualifier", "version")
    def _check_lengths(self):
        for partner in self:
            limit, qualifier_limit = (15, 2) if partner.standard == X12 else (35, 4)
            for name, longest in (
                ("identifier", limit),
                ("own_identifier", limit),
                ("qualifier", qualifier_limit),
                ("own_qualifier", qualifier_limit),
            ):
                if len(partner[name] or "") > longest:
                    raise ValidationError(
                        _(
                            "%(field)s of %(partner)s is longer than the %(longest)s characters there are for it.",
                            field=self._fields[name].string,
                            partner=partner.name,
                            longest=longest,
                        )
                    )
            self.env["dist.edi.agreement"]._check_version(partner.standard, partner.version)

    @api.depends("agreement_ids", "acknowledgement", "client_id", "channel_id", "partner_id")
    def _compute_missing(self):
        for partner in self:
            partner.missing = ", ".join(partner._get_missing()) or False

    def _get_missing(self):
        """:return: list of what keeps documents from moving, in words"""
        self.ensure_one()
        missing = []
        for code in sorted(self._get_type_codes()):
            message_type = self.env["dist.message.type"]._get_by_code(code)
            if not self.env["dist.flow"]._find_inbound(self.system_id, message_type):
                missing.append(_("an active flow %s", code))
        if not self.client_id:
            missing.append(_("the API client for uploads"))
        if any(self.agreement_ids.mapped("needs_contact")) and not self.partner_id:
            missing.append(_("the contact"))
        return missing

    def _get_type_codes(self):
        """:return: set of the codes of message types that have to flow for what is agreed"""
        codes = {agreement._get_message_type_code() for agreement in self.agreement_ids} - {None}
        codes.add("edi.interchange")
        if "order.change" in codes:
            codes.add("order.cancel")
        return codes if self.acknowledgement == "none" else codes | {"edi.acknowledgement"}

    # envelope

    def _get_separators(self):
        """:return: lib.separators.Separators of what is sent to this partner"""
        self.ensure_one()
        marks = {name: self._read_separator(name) for name in SEPARATORS}
        is_x12 = self.standard == X12
        repeats = marks["repetition_separator"] if is_x12 or self.syntax_version >= "4" else ""
        return Separators(
            standard=self.standard,
            element=marks["element_separator"],
            component=marks["component_separator"],
            terminator=marks["terminator"],
            repetition=repeats,
            release="" if is_x12 else marks["release_character"],
            decimal="." if is_x12 else self.decimal_mark,
            suffix="\n" if self.line_breaks else "",
            una=self.una and not is_x12,
            codec="utf-8" if is_x12 else CHARSETS[self.syntax],
        )

    def _read_separator(self, name):
        """:return: the character that a field means; empty when there is none
        :raises ValidationError: it means none
        """
        text = self[name] or ""
        try:
            mark = chr(int(text, 16)) if text.lower().startswith("0x") else text
        except ValueError:
            mark = text
        if len(mark) > 1 or (mark and ord(mark) > 255):
            raise ValidationError(
                _(
                    "%(field)s: %(text)s is neither one character nor a code such as 0x1D.",
                    field=self._fields[name].string,
                    text=text,
                )
            )
        return mark

    def _get_addresses(self):
        """:return: (lib.envelope.Address of ours, of the partner)"""
        self.ensure_one()
        ours = Address(self.own_identifier, self.own_qualifier or "", self.own_group or "")
        theirs = Address(self.identifier, self.qualifier or "", self.group_identifier or "")
        return ours, theirs

    def _get_local_now(self):
        """:return: moment (naive) in the time zone of the company, as envelopes tell it"""
        now = fields.Datetime.now().replace(tzinfo=ZoneInfo("UTC"))
        zone = self.sudo().company_id.partner_id.tz or "UTC"
        return now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    def _to_utc(self, moment):
        """:param moment: naive, as the partner's envelopes tell it: in its time zone, the company's where none is known
        :return: datetime (naive) in UTC
        """
        zone = self.sudo().partner_id.tz or self.sudo().company_id.partner_id.tz or "UTC"
        return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _prepare_acknowledgements(self, parsed, judged):
        """What this partner is told of an interchange it sent.

        :param parsed: lib.interchange.Interchange
        :param judged: list of (lib.interchange.Group, list of lib.acknowledgement.Judged)
        :return: list of lib.envelope.Outgoing; an acknowledgement is never acknowledged
        """
        self.ensure_one()
        if self.acknowledgement == "none":
            return []
        if self.standard == EDIFACT:
            every = [verdict for _group, members in judged for verdict in members]
            found = [acknowledge_interchange(parsed, every, "41" if self.syntax_version == "4" else "D3")]
        else:
            found = [
                acknowledge_group(group, members, self.acknowledgement, self.tell_warnings)
                for group, members in judged
            ]
            found.append(acknowledge_envelope(parsed))
        return [outgoing for outgoing in found if outgoing]

    # finding

    @api.model
    def _find_sender(self, system, interchange):
        """Whose an interchange is, by qualifier and identifier of sender and receiver; never by name.

        :param system: dist.system it came through
        :param interchange: lib.interchange.Interchange
        :return: dist.edi.partner, empty when there is none
        """
        found = self.sudo().search(
            [
                ("system_id", "=", system.id),
                ("standard", "=", interchange.standard),
                ("identifier", "=", interchange.sender),
                ("own_identifier", "=", interchange.receiver),
            ]
        )
        return found.filtered(
            lambda partner: (
                (partner.qualifier or "") == interchange.sender_qualifier
                and (partner.own_qualifier or "") == interchange.receiver_qualifier
            )
        )[:1]

    @api.model
    def _find_receivers(self, code, company, contacts, system=None):
        """To whom a document may go.

        :param code: code of an outbound message type
        :param contacts: res.partner, the nearest first
        :param system: dist.system, where only its partners are asked for
        :return: dist.edi.partner that have agreed on the document, the nearest first
        """
        domain = [("company_id", "=", company.id), ("partner_id", "in", contacts.ids)]
        if system:
            domain.append(("system_id", "=", system.id))
        found = self.sudo().search(domain).filtered(lambda partner: partner._get_agreement("out", code))
        order = {contact_id: place for place, contact_id in enumerate(contacts.ids)}
        return found.sorted(lambda partner: (order[partner.partner_id.id], partner.id))

    @api.model
    def _find_warehouse(self, code, system):
        """Which partner stands for the system that runs a warehouse.

        :param code: code of an outbound message type
        :return: dist.edi.partner that has agreed on it, empty when there is none
        """
        found = self.sudo().search([("system_id", "=", system.id)])
        return found.filtered(lambda partner: partner._get_agreement("out", code))[:1]

    def _get_agreement(self, direction, type_code):
        """:return: dist.edi.agreement by which documents of a message type are exchanged; empty when there is none"""
        return self.agreement_ids.filtered(
            lambda agreement: (
                agreement.direction == direction and agreement._get_message_type_code() == type_code
            )
        )[:1]

    def _get_agreement_for(self, type_code, data):
        """The document in which a message leaves: an answer in place of an earlier one as 865, where that is agreed.

        :param data: dict, payload of the message
        :return: dist.edi.agreement, empty when nothing is agreed
        """
        is_changed = type_code == "purchase.acknowledgement" and data.get("purpose") == "replace"
        change = self._get_agreed_document("out", "865") if is_changed else self.agreement_ids.browse()
        return change or self._get_agreement("out", type_code)

    def _get_agreed_document(self, direction, code):
        """:return: dist.edi.agreement on a document such as ``850``; empty when there is none"""
        return self.agreement_ids.filtered(
            lambda agreement: agreement.direction == direction and agreement.code == code
        )[:1]

    # screen

    def action_add_usual_units(self):
        """Explain the usual codes of units to the system, as far as nobody has."""
        self.env["ir.model.access"].check("dist.code.map", "create")
        for partner in self:
            maps = self.env["dist.code.map"]
            for code, xml_id in USUAL_UNITS.items():
                unit = self.env.ref(xml_id, raise_if_not_found=False)
                if unit and maps._find(partner.system_id, "unit", code) is None:
                    maps.create(
                        {
                            "system_id": partner.system_id.id,
                            "domain": "unit",
                            "external_code": code,
                            "res_model": unit._name,
                            "res_id": unit.id,
                        }
                    )
        return True

    def action_view_code_maps(self):
        """Open what the partner's codes and item numbers mean."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_base.action_dist_code_map")
        return {
            **action,
            "domain": [("system_id", "=", self.system_id.id)],
            "context": {"default_system_id": self.system_id.id},
        }

    def action_view_control_numbers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_edi.action_dist_edi_control")
        return {**action, "domain": [("edi_partner_id", "=", self.id)]}
