import base64
import json
import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..lib.charset import CHARSETS
from ..lib.separators import X12
from ..models.dist_edi_partner import DEFAULTS, SEPARATORS, STANDARDS

STEPS = [
    ("files", "Sample files"),
    ("profile", "Profile"),
    ("codes", "Codes and items"),
    ("trial", "What would happen"),
]
# a day, after which files of a dialog that was left are removed
LOST = 1
CUSTOMER, SUPPLIER, WAREHOUSE = "customer", "supplier", "warehouse"
# who sends what
SENDERS = {
    "purchase.order": CUSTOMER,
    "purchase.acknowledgement": SUPPLIER,
    "ship.notice": SUPPLIER,
    "invoice": SUPPLIER,
    "receipt.confirmed": WAREHOUSE,
    "shipment.confirmed": WAREHOUSE,
}
ADDRESS = ("qualifier", "identifier", "own_qualifier", "own_identifier")


class DistEdiOnboarding(models.TransientModel):
    """From sample files to a trading partner: what they say of it, what its codes mean, what would happen.

    Until the profile is made nothing is kept but this dialog: its files and rows go with it.
    """

    _name = "dist.edi.onboarding"
    _description = "New trading partner from sample files"
    _inherit = ["dist.wizard.mixin"]

    step = fields.Selection(STEPS, required=True, default="files")
    attachment_ids = fields.Many2many("ir.attachment", string="Add files")
    file_ids = fields.One2many("dist.edi.onboarding.file", "onboarding_id", string="Files")
    name = fields.Char(string="Partner")
    known_id = fields.Many2one("dist.edi.partner", string="Known profile", readonly=True)
    system_id = fields.Many2one(
        "dist.system",
        string="System",
        domain="[('company_id', 'in', allowed_company_ids)]",
        help="Empty: a new one is made, for tests.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Contact", help="Customer or supplier that the partner is."
    )
    standard = fields.Selection(STANDARDS)
    version = fields.Char()
    qualifier = fields.Char(string="Partner's qualifier")
    identifier = fields.Char(string="Partner's identifier")
    group_identifier = fields.Char(string="Partner's group identifier")
    own_qualifier = fields.Char(string="Our qualifier")
    own_identifier = fields.Char(string="Our identifier")
    own_group = fields.Char(string="Our group identifier")
    element_separator = fields.Char()
    component_separator = fields.Char()
    terminator = fields.Char()
    repetition_separator = fields.Char()
    release_character = fields.Char()
    line_breaks = fields.Boolean()
    una = fields.Boolean(string="UNA")
    decimal_mark = fields.Selection([(".", "Point"), (",", "Comma")], default=".")
    syntax = fields.Selection(
        [(code, code) for code in sorted(CHARSETS)], string="Character set", default="UNOC"
    )
    syntax_version = fields.Selection([("3", "3"), ("4", "4")], default="3")
    agreement_ids = fields.One2many("dist.edi.onboarding.agreement", "onboarding_id", string="Documents")
    code_ids = fields.One2many("dist.edi.onboarding.code", "onboarding_id", string="Not known yet")
    outcome_ids = fields.One2many("dist.edi.onboarding.outcome", "onboarding_id", string="Documents tried")
    has_words = fields.Boolean(compute="_compute_has_words")
    problems = fields.Text(compute="_compute_problems", string="Files that cannot be used")

    @api.depends("file_ids.problem")
    def _compute_problems(self):
        for onboarding in self:
            unusable = onboarding.file_ids.filtered("problem")
            onboarding.problems = "\n".join(f"{file.name}: {file.problem}" for file in unusable) or False

    @api.depends("code_ids.kind")
    def _compute_has_words(self):
        for onboarding in self:
            onboarding.has_words = "code" in onboarding.code_ids.mapped("kind")

    # files

    def action_read(self):
        """Read the files, and propose a profile from those that can be read."""
        self.ensure_one()
        self._take_attachments()
        if not self.file_ids:
            raise UserError(_("Add one or more sample files of the partner."))
        self.file_ids._recognize()
        if self._get_readable():
            self.write({**self._prepare_profile(), "step": "profile"})
        return self._show()

    def _take_attachments(self):
        """Keep the added files as rows of this dialog: as attachments they would outlive it."""
        added = self._get_own_attachments()
        self.attachment_ids = False
        self.env["dist.edi.onboarding.file"].create(
            [
                {"onboarding_id": self.id, "name": file.name, "content": base64.b64encode(file.raw or b"")}
                for file in added
            ]
        )
        added.unlink()

    def _get_own_attachments(self):
        """:return: ir.attachment of the added files, without what was not added in this dialog"""
        return self.attachment_ids.filtered(
            lambda file: (
                file.res_model == self._name
                and file.res_id in (0, False, self.id)
                and file.create_uid == self.env.user
            )
        )

    def _get_readable(self):
        """:return: dist.edi.onboarding.file that can be read and are of the same partner"""
        return self.file_ids.filtered(lambda file: file.recognized and not file.problem)

    def _get_found(self):
        """:return: list of dicts as of lib.recognition.recognize"""
        return [json.loads(file.recognized) for file in self._get_readable()]

    # profile

    def _prepare_profile(self):
        """:return: values of this dialog: what the files say of the partner"""
        first, address = self._get_found()[0], self._get_address()
        marks = self._read_separators(first["separators"])
        vals = {
            **{name: False for name in SEPARATORS},
            **self._get_defaults(first["standard"], marks),
            **marks,
            **dict(zip(ADDRESS, address[1:], strict=True)),
            "standard": first["standard"],
            "version": self._get_version(first),
            **self._read_envelope(first["interchanges"][0], address),
        }
        vals.pop("acknowledgement")
        known = self.file_ids._find_profile(address)
        rows = self._prepare_agreements(first["standard"])
        return {
            **vals,
            "known_id": known.id,
            "system_id": known.system_id.id,
            "partner_id": known.partner_id.id,
            "name": known.name or self._get_partner_name() or vals["identifier"],
            "agreement_ids": [(5, 0, 0), *((0, 0, row) for row in rows)],
        }

    def _get_address(self):
        """:return: tuple of standard, qualifier and identifier of the partner, ours, by the first file"""
        return self.file_ids._get_address(self._get_found()[0]["interchanges"][0])

    @api.model
    def _get_defaults(self, standard, marks):
        """:return: values that are usual with a standard, without a character that separates something else here"""
        used = [marks[name] for name in SEPARATORS if name in marks]
        return {
            name: False if name in SEPARATORS and value in used else value
            for name, value in DEFAULTS[standard].items()
        }

    @api.model
    def _read_separators(self, found):
        names = {
            "element": "element_separator",
            "component": "component_separator",
            "repetition": "repetition_separator",
        }
        names |= {"terminator": "terminator", "release": "release_character"}
        marks = {field: _show(found[name]) for name, field in names.items() if found[name]}
        return {
            **marks,
            "line_breaks": bool(found["suffix"]),
            "una": found["una"],
            "decimal_mark": "," if found["decimal"] == "," else ".",
        }

    @api.model
    def _read_envelope(self, interchange, address):
        """:return: values that only one of the standards has"""
        if interchange["standard"] != X12:
            syntax, _colon, version = interchange["version"].partition(":")
            return {
                "syntax": syntax if syntax in CHARSETS else "UNOC",
                "syntax_version": "4" if version == "4" else "3",
            }
        group = next(iter(interchange["groups"]), {})
        ours, theirs = group.get("receiver"), group.get("sender")
        if interchange["sender"]["id"] == address[4]:
            ours, theirs = theirs, ours
        return {
            "group_identifier": theirs if theirs != address[2] else False,
            "own_group": ours if ours != address[4] else False,
        }

    @api.model
    def _get_version(self, found):
        """:return: version of the first document that has one as the standard names them"""
        pattern = r"\d{6}" if found["standard"] == X12 else r"[DS]\.?\d{2}[A-Z]"
        versions = (re.match(pattern, one["version"] or "") for one in found["documents"])
        return next((match.group() for match in versions if match), DEFAULTS[found["standard"]]["version"])

    def _get_partner_name(self):
        """:return: name of the buyer or supplier that the documents name; None when there is none"""
        role = {CUSTOMER: "buyer", SUPPLIER: "supplier"}.get(self._get_kind())
        parties = [party for found in self._get_found() for party in found["parties"]]
        return next((one["name"] for one in parties if one["role"] == role and one.get("name")), None)

    def _get_kind(self):
        """:return: kind of system that the partner is, by what it sends"""
        documents = [one["document"] for one in self._get_documents() if one["direction"] == "in"]
        return next((SENDERS[name] for name in documents if name in SENDERS), "other")

    def _get_documents(self):
        """:return: list of dicts as of `_get_documents` of a file, of all that can be read"""
        address = self._get_address()
        return [one for file in self._get_readable() for one in file._get_documents(address)]

    def _prepare_agreements(self, standard):
        """:return: list of values: documents of the files, and those that usually go with them"""
        rows = {}
        for one in self._get_documents():
            key = (one["direction"], one["code"])
            row = rows.setdefault(key, {"direction": key[0], "code": key[1], "count": 0, "is_agreed": True})
            row["count"] += one["count"]
            row["association"] = row.get("association") or one["association"]
        agreements = self.agreement_ids
        rows = agreements._add_usual(standard, rows)
        return [row for row in rows.values() if agreements._is_possible(standard, row)]

    def action_codes(self):
        """Look for what means nothing here yet."""
        self.ensure_one()
        if not self.identifier or not self.own_identifier or not self.name:
            raise UserError(_("Name the partner and the identifiers of both sides."))
        kept = {(row.kind, row.code): row for row in self.code_ids}
        rows = [row for row in self._prepare_codes() if (row["kind"], row["code"]) not in kept]
        self.write({"step": "codes", "code_ids": [(0, 0, row) for row in rows]})
        return self._show()

    def action_accept_suggestions(self):
        """Accept whatever is suggested or chosen."""
        self.ensure_one()
        self.code_ids._onchange_meaning()
        return self._show()

    def _prepare_codes(self):
        """:return: list of values of what means nothing here yet, with suggestions"""
        found = self._get_found()
        suggestions = self.env["dist.edi.suggestion"].with_company(self._get_company())
        gather = lambda name: [row for one in found for row in one[name]]  # noqa: E731
        missing = suggestions._find_missing(
            self.system_id, self.partner_id, gather("articles"), _add_up(gather("units")), self._get_parties()
        )
        rows = [self.code_ids._prepare_row(one) for one in missing]
        return list({(row["kind"], row["code"]): row for row in rows}.values()) + [
            {
                "kind": "code",
                "code": one["code"],
                "code_list": one["list"],
                "count": one["count"],
                "choices": ", ".join(one["words"]),
            }
            for one in gather("refused")
        ]

    def _get_parties(self):
        """:return: list of places and contacts of orders that the partner sends"""
        if self._get_kind() != CUSTOMER:
            return []
        return [party for found in self._get_found() for party in found["parties"]]

    # trying, making

    def action_try(self):
        """Try every document of the files, and take everything back."""
        self.ensure_one()
        self._check_may_make()
        outcomes = self.env["dist.edi.trial"]._run(self._get_plan())
        rows = [(0, 0, {"sequence": place, **outcome}) for place, outcome in enumerate(outcomes)]
        self.write({"step": "trial", "outcome_ids": [(5, 0, 0), *rows]})
        return self._show()

    def _check_may_make(self):
        """:raises AccessError: the user may not make profiles, or not see what this dialog is about"""
        self._check_given()
        self.env["ir.model.access"].check("dist.edi.partner", "create")

    def _get_plan(self):
        """:return: dict as of dist.edi.trial"""
        self.ensure_one()
        accepted = self.code_ids.filtered("is_accepted")
        accepted._check_complete()
        return {
            "company": self._get_company().id,
            "system": self.system_id.id or self._prepare_system(),
            "profile": self.known_id.id or self._prepare_partner(),
            "agreements": self._get_agreed(accepted),
            "meanings": accepted._get_meanings(),
            "contacts": accepted._get_contacts(),
            "files": [(file.name, file._get_raw()) for file in self._get_readable()],
        }

    def _get_company(self):
        return self.system_id.company_id or self.env.company

    def _prepare_system(self):
        code = re.sub(r"[^A-Za-z0-9_-]+", "-", self.identifier).strip("-").upper()
        return {
            "name": self.name,
            "code": code or "EDI",
            "kind": self._get_kind(),
            "company_id": self._get_company().id,
            "partner_id": self.partner_id.id,
        }

    def _prepare_partner(self):
        names = (
            "name",
            "standard",
            "version",
            "group_identifier",
            "own_group",
            "line_breaks",
            "una",
            "decimal_mark",
        )
        names += (*ADDRESS, *SEPARATORS, "syntax", "syntax_version")
        return {**{name: self[name] for name in names}, "partner_id": self.partner_id.id, "is_test": True}

    def _get_agreed(self, accepted):
        """:return: list of values of agreements, with what codes of the partner mean that no standard knows"""
        overlay = accepted._get_overlay()
        return [
            {
                "direction": row.direction,
                "code": row.code,
                "association": row.association,
                **({"overlay": overlay} if overlay and row.count else {}),
            }
            for row in self.agreement_ids.filtered("is_agreed")
        ]

    def action_make(self):
        """Make the profile with what was accepted, for tests; flows that are missing are proposed as drafts."""
        self.ensure_one()
        self._check_may_make()
        profile = self.env["dist.edi.trial"]._set_up(self._get_plan())
        self._propose_flows(profile)
        self._discard()
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_edi.action_dist_edi_partner")
        return {
            **action,
            "res_id": profile.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "main",
        }

    @api.model
    def _propose_flows(self, profile):
        """Make the flows on which documents come in, as drafts that somebody approves and activates."""
        flows = self.env["dist.flow"]
        for code in sorted(profile._get_type_codes()):
            message_type = self.env["dist.message.type"]._get_by_code(code)
            domain = [("system_id", "=", profile.system_id.id), ("message_type_id", "=", message_type.id)]
            if message_type.direction == "in" and not flows.search(domain, limit=1):
                flows.create({"system_id": profile.system_id.id, "message_type_id": message_type.id})

    # going about

    def action_back(self):
        self.ensure_one()
        names = [name for name, _label in STEPS]
        self.step = names[max(names.index(self.step) - 1, 0)]
        return self._show()

    def action_cancel(self):
        """Leave, and leave nothing behind."""
        self._discard()
        return {"type": "ir.actions.act_window_close"}

    def _discard(self):
        self._get_own_attachments().unlink()
        self.unlink()

    @api.autovacuum
    def _gc_lost_files(self):
        """Remove files that were added to a dialog which was left by closing the window."""
        before = fields.Datetime.subtract(fields.Datetime.now(), days=LOST)
        domain = [("res_model", "=", self._name), ("res_id", "=", 0), ("create_date", "<", before)]
        self.env["ir.attachment"].sudo().search(domain).unlink()

    def _show(self):
        """:return: action that shows this dialog again"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_edi.action_dist_edi_onboarding"
        )
        return {**action, "res_id": self.id}


def _show(mark):
    """:return: a separator as profiles have it: the character, or its code where it cannot be seen"""
    return mark if mark.isprintable() and not mark.isspace() else f"0x{ord(mark):02X}"


def _add_up(rows):
    """:return: list of dicts, each code once with its count"""
    found = {}
    for row in rows:
        known = found.setdefault(row["code"], {**row, "count": 0})
        known["count"] += row["count"]
    return list(found.values())
