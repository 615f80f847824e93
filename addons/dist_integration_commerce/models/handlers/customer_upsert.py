import dataclasses

from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import (
    AmbiguousMatch,
    BusinessError,
    ExceptionSpec,
    HandlerResult,
    MissingCodes,
)
from odoo.addons.dist_integration_base.models.dist_ownership_inbound import LeftValue
from odoo.addons.dist_integration_base.models.transaction import get_state

from ...lib.submission import get_digest

ADDRESS_FIELDS = ("street", "street2", "city", "zip")
PLAIN_FIELDS = ("name", "email", "phone", "vat")
# member of the message: (domain of the code map, model, field of the partner)
CODED_FIELDS = {
    "payment_term": ("payment_term", "account.payment.term", "property_payment_term_id"),
    "fiscal_position": ("fiscal_position", "account.fiscal.position", "property_account_position_id"),
    "pricelist": ("pricelist", "product.pricelist", "property_product_pricelist"),
    "salesperson": ("salesperson", "res.users", "user_id"),
}


# field of the partner: its pointer in the message, where the two differ
POINTERS = {
    **{field: f"/{name}" for name, (_domain, _model, field) in CODED_FIELDS.items()},
    **{name: f"/address/{name}" for name in ADDRESS_FIELDS},
    "country_id": "/address/country",
    "state_id": "/address/state",
    "lang": "/language",
    "category_id": "/territory",
    "dist_blocked": "/status",
    "dist_block_reason": "/block_reason",
}


# an address is one thing: parts of two of them make none
WHOLE_ADDRESS = (*ADDRESS_FIELDS, "state_id", "country_id")
# never given to a customer that was here before, empty as it may be
NEVER_FILLED = ("is_company", "dist_blocked", "dist_block_reason")


class ProtectedContact(BusinessError):
    """The id leads to a contact that no system outside may change; one exception an id, however often it is sent."""

    def __init__(self, external_id, *args, **options):
        super().__init__("protected_contact", *args, **options)
        self.external_id = external_id

    def get_exception(self):
        return dataclasses.replace(
            super().get_exception(), fingerprint=f"protected_contact/{self.external_id}"
        )


class CustomerUpsertHandler(models.AbstractModel):
    """Creates or updates a customer and its addresses.

    A member that is left out keeps its value, null clears it. A message that says nothing new writes nothing.
    """

    _name = "dist.handler.customer.upsert"
    _inherit = "dist.handler"
    _description = "Customer upsert"

    _tells_state = True

    def _get_external_id(self, payload):
        return payload.get("external_id")

    def _get_lock_keys(self, message, payload):
        return self._get_identity_keys(message.system_id, payload)

    def _get_identity_keys(self, system, data):
        """Everything by which two messages could mean the same customer."""
        country = (data.get("address") or {}).get("country")
        _prefix, number = self.env["res.partner"]._dist_split_vat(data.get("vat"), country)
        keys = [f"customer/{system.id}/{data.get('external_id')}"]
        if number:
            keys.append(f"customer-vat/{number}")
        if data.get("email"):
            keys.append(f"customer-email/{_normalise(data['email'])}")
        return keys

    def _apply(self, message, payload):
        self._check_version(message, payload)
        partner, outcome = self._upsert(message, payload)
        return HandlerResult(answer=self._prepare_answer(message, payload, partner, outcome), record=partner)

    def _prepare_repeated(self, payload):
        content = super()._prepare_repeated(payload)
        return {name: value for name, value in content.items() if name != "expected_version"}

    def _check_version(self, message, payload):
        """A change meant for one version is made to no other."""
        expected = payload.get("expected_version")
        if not expected:
            return
        partner = self._find_bound(message.system_id, "res.partner", payload["external_id"])
        if not partner or self._get_version(message.system_id, partner) != expected:
            raise BusinessError(
                "precondition_failed",
                _("The customer was changed in between."),
                "/expected_version",
                status=412,
                open_exception=False,
            )

    def _get_version(self, system, partner):
        """:return: entity tag of the customer as a system sees it"""
        return get_digest(self.env["dist.customer.view"]._get_shown(system, partner))[:32]

    def _prepare_answer(self, message, payload, partner, outcome):
        return {
            "status": outcome,
            "external_id": payload["external_id"],
            "version": self._get_version(message.system_id, partner),
            "customer": self.env["dist.customer.view"]._get_shown(message.system_id, partner, payload),
        }

    def _upsert(self, message, data, pointer=""):
        """Find or create the customer that data describes, and bring it up to date.

        :param message: dist.message that carries the data
        :param data: dict as in the schema of ``customer.upsert``
        :param pointer: JSON pointer of data in the message
        :return: (res.partner, ``created``, ``updated`` or ``unchanged``)
        :raises AmbiguousMatch: several partners could be meant
        :raises ProtectedContact: the partner is not to be changed by systems
        :raises BusinessError: two addresses have one id, or a code means nothing
        """
        self._check_addresses(data, pointer)
        partner = self._match(message, data, pointer)
        was_here = bool(partner) and self._was_here(message, partner)
        values = self._prepare_partner(message, data, pointer)
        outcome = "unchanged"
        pointers = {name: pointer + POINTERS.get(name, f"/{name}") for name in values}
        if not partner:
            new = self._prepare_new_partner(message, values)
            partner = self._create_inbound(message, "res.partner", new, pointers)
            outcome = "created"
        elif was_here:
            values = self._leave_existing(message, data, partner, values, pointers)
        if outcome != "created" and self._write_changes(message, partner, values, pointers):
            outcome = "updated"
        if not self._find_bound(message.system_id, "res.partner", data["external_id"]):
            binding = self._bind_anew(message.system_id, partner, data["external_id"])
            binding.dist_unconfirmed = was_here
        for index, address in enumerate(data.get("addresses") or []):
            changed = self._upsert_address(message, data, partner, address, f"{pointer}/addresses/{index}")
            outcome = "updated" if changed and outcome == "unchanged" else outcome
        return partner, outcome

    # cut-over

    def _find_counterpart(self, message, payload):
        return self._match(message, payload, "")

    def _get_comparison_view(self, message, record):
        """Without ids: those of the old interface are its own."""
        view = self.env["dist.customer.view"]._get_view(message.system_id, record)
        return {name: value for name, value in view.items() if name not in ("external_id", "addresses")}

    # identity

    def _match(self, message, data, pointer):
        """The partner that data is about: bound, else by tax ID, else by e-mail and name.

        :return: res.partner, empty when nobody fits
        """
        bound = self._find_bound(message.system_id, "res.partner", data["external_id"])
        if bound:
            self._check_may_change(bound, data["external_id"], pointer)
            return bound
        by_vat = self._find_by_vat(message, data)
        by_email = self._find_by_email(message, data)
        named = by_email.filtered(lambda partner: _normalise(partner.name) == _normalise(data["name"]))
        self._check_unambiguous(data, by_vat, by_email, named, pointer)
        match = by_vat or named
        if match:
            self._check_not_bound_elsewhere(message, data, match, pointer)
        return match

    def _check_may_change(self, partner, external_id, pointer):
        """:raises ProtectedContact: the partner is not to be changed by systems"""
        if partner._dist_is_protected():
            raise self._prepare_protected(partner, external_id, f"{pointer}/external_id")

    def _prepare_protected(self, partner, external_id, pointer):
        return ProtectedContact(
            external_id,
            _(
                "%s stands for a contact that systems do not change: it can log in, or belongs to the company itself.",
                external_id,
            ),
            pointer,
            status=409,
            severity="high",
            record=partner,
            suggestion=_(
                "Change the contact by hand, or bind the external id to a contact without a login, then use Retry. "
                "When nobody bound it on purpose, find out who sent it."
            ),
        )

    def _get_matchable(self, partners):
        """:return: those of partners that a system may find by what it says of them"""
        return partners.filtered(lambda partner: not partner._dist_is_protected())

    def _get_match_domain(self, message):
        return [("company_id", "in", (False, message.company_id.id))]

    def _find_by_vat(self, message, data):
        country = (data.get("address") or {}).get("country")
        keys = self.env["res.partner"]._dist_get_vat_keys(data.get("vat"), country)
        if not keys:
            return self.env["res.partner"]
        found = self.env["res.partner"].search(
            [("dist_vat_key", "in", keys), *self._get_match_domain(message)]
        )
        return self._get_matchable(found.commercial_partner_id)

    def _find_by_email(self, message, data):
        if not data.get("email"):
            return self.env["res.partner"]
        found = self.env["res.partner"].search(
            [
                ("email_normalized", "=", _normalise(data["email"])),
                ("parent_id", "=", False),
                *self._get_match_domain(message),
            ]
        )
        return self._get_matchable(found)

    def _check_unambiguous(self, data, by_vat, by_email, named, pointer):
        if len(by_vat) > 1:
            raise self._prepare_ambiguity(
                _("Several customers have the tax ID %s", data["vat"]), by_vat, pointer
            )
        if by_vat and by_email and by_vat not in by_email:
            raise self._prepare_ambiguity(
                _(
                    "Tax ID %(vat)s and e-mail %(email)s belong to different customers",
                    vat=data["vat"],
                    email=data["email"],
                ),
                by_vat | by_email,
                pointer,
            )
        if not by_vat and len(named) > 1:
            raise self._prepare_ambiguity(
                _(
                    "Several customers are called %(name)s and have the e-mail %(email)s",
                    name=data["name"],
                    email=data["email"],
                ),
                named,
                pointer,
            )
        if not by_vat and data.get("vat") and named.dist_vat_key:
            raise self._prepare_ambiguity(
                _(
                    "The customer with e-mail %(email)s has another tax ID than %(vat)s",
                    email=data["email"],
                    vat=data["vat"],
                ),
                named,
                pointer,
            )

    def _check_not_bound_elsewhere(self, message, data, partner, pointer):
        known_as = self.env["dist.binding"]._get_external_id(message.system_id, partner)
        if known_as:
            raise self._prepare_ambiguity(
                _(
                    "%(external_id)s fits a customer that %(system)s already calls %(known_as)s",
                    external_id=data["external_id"],
                    system=message.system_id.name,
                    known_as=known_as,
                ),
                partner,
                pointer,
                _(
                    "Is it the same customer, give its binding the new id. If not, bind the new id to a customer of "
                    "its own. Then use Retry."
                ),
            )

    def _prepare_ambiguity(self, what, candidates, pointer, suggestion=None):
        """The sender is told names; the person who chooses sees the candidates, as far as it may read them."""
        numbers = ", ".join(str(candidate.id) for candidate in candidates)
        named = "; ".join(f"{candidate.name} ({candidate.id})" for candidate in candidates)
        where = pointer or "/external_id"
        told = _("%(what)s: %(candidates)s.", what=what, candidates=named)
        return AmbiguousMatch(
            "ambiguous_customer",
            _("%(what)s: number %(numbers)s.", what=what, numbers=numbers),
            where,
            errors=[{"pointer": where, "code": "ambiguous_customer", "detail": told}],
            record=candidates[:1],
            candidates=candidates,
            suggestion=suggestion
            or _("Bind the external id to the right customer, or merge the customers; then use Retry."),
        )

    # values

    def _prepare_partner(self, message, data, pointer):
        """Values of the partner's own fields that data speaks of."""
        values = {name: data[name] or False for name in PLAIN_FIELDS if name in data}
        if "is_company" in data:
            values["is_company"] = data["is_company"]
        if "language" in data:
            values["lang"] = self._find_language(message, data["language"], f"{pointer}/language")
        values.update(self._prepare_coded(message, data, pointer))
        if "address" in data:
            values.update(self._prepare_address(data["address"] or {}, f"{pointer}/address"))
        if "status" in data:
            blocked = data["status"] == "blocked"
            values["dist_blocked"] = blocked
            values["dist_block_reason"] = (data.get("block_reason") or False) if blocked else False
        return values

    def _prepare_coded(self, message, data, pointer):
        """:raises MissingMapping: codes mean nothing here yet"""
        values, missing = {}, MissingCodes()
        for name, (domain, model, field) in CODED_FIELDS.items():
            if name in data:
                code, record = data[name], None
                with missing.gathered():
                    record = code and self._resolve_code(
                        message, domain, code, f"{pointer}/{name}", model=model
                    )
                values[field] = record.id if record else False
        if "territory" in data:
            with missing.gathered():
                values["category_id"] = self._prepare_territory(
                    message, data["territory"], f"{pointer}/territory"
                )
        missing.check()
        return values

    def _prepare_new_partner(self, message, values):
        values = {"is_company": True, "company_id": False, **values}
        if "category_id" in values:
            values["category_id"] = [(6, 0, values["category_id"]["add"])]
        return values

    def _find_language(self, message, code, pointer):
        if not code:
            return False
        wanted = code.replace("-", "_")
        installed = self.env["res.lang"].get_installed()
        exact = [lang for lang, _name in installed if lang == wanted]
        alike = [lang for lang, _name in installed if lang.split("_")[0] == wanted]
        if exact or alike:
            return (exact or alike)[0]
        return self._resolve_code(message, "language", code, pointer, model="res.lang").code

    def _prepare_territory(self, message, code, pointer):
        """The tag of the territory; tags of other territories go, all other tags stay."""
        model = "res.partner.category"
        wanted = (
            self._resolve_code(message, "territory", code, pointer, model=model) if code else self.env[model]
        )
        territories = self.env["dist.code.map"]._get_records(message.system_id, "territory", model)
        return {"remove": (territories - wanted).ids, "add": wanted.ids}

    def _prepare_address(self, address, pointer):
        values = {name: address[name] or False for name in ADDRESS_FIELDS if name in address}
        if "country" in address:
            country = self._find_country(address["country"], f"{pointer}/country")
            values["country_id"] = country.id
            values["state_id"] = self._find_state(country, address.get("state"), f"{pointer}/state").id
        elif address.get("state"):
            raise BusinessError(
                "country_missing", _("A state is only known together with its country."), f"{pointer}/state"
            )
        return values

    def _find_country(self, code, pointer):
        country = self.env["res.country"]
        if not code:
            return country
        country = country.search([("code", "=", code.upper())], limit=1)
        if not country:
            raise BusinessError("unknown_country", _("There is no country with the code %s.", code), pointer)
        return country

    def _find_state(self, country, code, pointer):
        state = self.env["res.country.state"]
        if not code:
            return state
        state = state.search([("country_id", "=", country.id), ("code", "=", code)], limit=1)
        if not state:
            raise BusinessError(
                "unknown_state",
                _("%(country)s has no state with the code %(code)s.", country=country.name, code=code),
                pointer,
            )
        return state

    # addresses

    def _upsert_address(self, message, data, partner, address, pointer):
        """:return: True when something changed"""
        external_id = f"{data['external_id']}/{address['external_id']}"
        contact = self._find_bound(message.system_id, "res.partner", external_id)
        values = self._prepare_contact(address, pointer)
        pointers = dict.fromkeys([*values, "parent_id"], pointer)
        if contact:
            self._check_may_change(contact, external_id, pointer)
            return self._write_changes(message, contact, values, pointers)
        contact = self._create_address(message, {**values, "parent_id": partner.id}, pointers)
        self._bind_anew(message.system_id, contact, external_id)
        return True

    def _create_address(self, message, values, pointers):
        """Create a contact; Odoo would make the first one's address that of a customer without any.

        :return: res.partner
        """
        keeping = self.with_context(dist_keep_parent_address=True)
        return keeping._create_inbound(message, "res.partner", values, pointers).with_env(self.env)

    def _check_addresses(self, data, pointer):
        """:raises BusinessError: two addresses have one id, of which the later would overwrite the first"""
        seen = set()
        for index, address in enumerate(data.get("addresses") or []):
            if address["external_id"] in seen:
                raise BusinessError(
                    "repeated_address",
                    _("Address %s comes twice.", address["external_id"]),
                    f"{pointer}/addresses/{index}/external_id",
                )
            seen.add(address["external_id"])

    def _bind_anew(self, system, partner, external_id):
        """Bind an id that leads nowhere: it is new, or its partner was deleted or is another company's."""
        stale = [
            ("system_id", "=", system.id),
            ("res_model", "=", "res.partner"),
            ("external_id", "=", external_id),
        ]
        self.env["dist.binding"].sudo().search(stale).unlink()
        return self._bind(system, partner, external_id)

    def _prepare_contact(self, address, pointer):
        values = {name: address[name] or False for name in ("name", "email", "phone") if name in address}
        values.update(self._prepare_address(address, pointer))
        values["type"] = address["type"]
        return values

    # customers that were here before

    def _was_here(self, message, partner):
        """:return: True while nobody has confirmed that the sender means this partner, which it did not make"""
        binding = self.env["dist.binding"]._find_of(message.system_id, partner)
        return not binding or binding.dist_unconfirmed

    def _leave_existing(self, message, data, partner, values, pointers):
        """Leave out what would overwrite; the answer names it, and a person is asked.

        :return: dict, the part of values that fills in what is empty
        """
        differing = [name for name in values if self._differs(partner, name, values[name])]
        kept = [name for name in differing if self._is_taken(partner, name, values[name])]
        left = [name for name in kept if not self._means_same(partner, name, values[name])]
        if left:
            entry = self._prepare_left(message, data, partner, values, left, pointers)
            get_state(self.env.cr).left_values.setdefault(message.id, []).append(entry)
        return {name: value for name, value in values.items() if name not in kept}

    def _is_taken(self, partner, name, value):
        """:return: True when the partner has a value that another would overwrite"""
        partner = partner.with_company(self.env.company)
        if name in WHOLE_ADDRESS:
            return any(partner[part] for part in WHOLE_ADDRESS)
        if name == "category_id":
            return bool(set(partner.category_id.ids) & set(value["remove"]))
        return name in NEVER_FILLED or bool(partner[name])

    def _means_same(self, partner, name, value):
        """:return: True when a value is only written in another way"""
        if name == "vat":
            return partner._dist_has_vat(value)
        return isinstance(value, str) and _normalise(value) == _normalise(partner[name])

    def _prepare_left(self, message, data, partner, values, names, pointers):
        external_id, system = data["external_id"], message.system_id.name
        spec = ExceptionSpec(
            category="identity",
            code="customer_unconfirmed",
            summary=_(
                "%(system)s sent other data of %(customer)s, which was here before",
                system=system,
                customer=partner.display_name,
            ),
            detail=self.env["dist.ownership"]._list_changes(partner, values, names),
            record=partner,
            suggestion=_(
                "Is %(customer)s the one that %(system)s calls %(external_id)s? Then use Confirm on the binding and "
                "enter by hand what is right; what it sends from then on is applied. If not, bind the id to another "
                "contact.",
                customer=partner.display_name,
                system=system,
                external_id=external_id,
            ),
            fingerprint=f"customer_unconfirmed/{partner.id}",
        )
        answer = {
            "field_group": "customer",
            "owner": _("Odoo"),
            "pointers": sorted({pointers[name] for name in names}),
            "detail": _(
                "The customer was here before; it is changed once a person has confirmed that %s means it.",
                external_id,
            ),
        }
        return LeftValue(spec, answer)

    # changes

    def _write_changes(self, message, partner, values, pointers):
        """Write only what differs, as far as the sender may change it.

        :return: True when something differed
        """
        changes = {name: value for name, value in values.items() if self._differs(partner, name, value)}
        if "category_id" in changes:
            moves = changes["category_id"]
            changes["category_id"] = [(3, old) for old in moves["remove"]] + [
                (4, new) for new in moves["add"]
            ]
        return bool(changes) and self._write_inbound(message, partner, changes, pointers)

    def _differs(self, partner, name, value):
        partner = partner.with_company(self.env.company)
        if name == "category_id":
            owned = set(partner.category_id.ids)
            return bool(owned & set(value["remove"]) or set(value["add"]) - owned)
        current = partner[name]
        if partner._fields[name].type == "many2one":
            current = current.id
        return (current or False) != (value or False)


def _normalise(text):
    return " ".join((text or "").split()).casefold()
