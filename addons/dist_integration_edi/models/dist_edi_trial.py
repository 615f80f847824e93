import hashlib
import logging
from itertools import islice

import psycopg2

from odoo import SUPERUSER_ID, _, api, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib import strict_json
from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.identifiers import new_id
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost, start_shadow

from ..lib.acknowledgement_reading import read_acknowledgement
from ..lib.errors import EdiError
from ..lib.interchange import read_pieces
from .dist_edi_document import ACKNOWLEDGEMENTS, _describe

_logger = logging.getLogger(__name__)

FILE_TYPE = "edi.interchange"
# somebody waits for it, and looks at each
MAX_DOCUMENTS = 100


class DistEdiTrial(models.AbstractModel):
    """A certification set: what documents would do here, tried with everything they need and taken back.

    What is tried is a plan, in plain values, so that it can be made in another transaction:

    - ``company``: id of the company
    - ``system``: id, or values of a system to be made
    - ``profile``: id, or values of a profile to be made
    - ``agreements``: list of values
    - ``meanings``: list of (kind of code, code, model, id of the record)
    - ``contacts``: list of (external id, id of the contact)
    - ``files``: list of (name, bytes)
    """

    _name = "dist.edi.trial"
    _description = "Certification set"

    # what is needed

    @api.model
    def _set_up(self, plan):
        """Make what a plan proposes, as far as it is not there, with the rights of the user.

        :return: dist.edi.partner
        """
        systems, profiles = self.env["dist.system"], self.env["dist.edi.partner"]
        system = (
            systems.browse(plan["system"])
            if isinstance(plan["system"], int)
            else systems.create(plan["system"])
        )
        if isinstance(plan["profile"], int):
            profile = profiles.browse(plan["profile"])
        else:
            channel = self._get_channel(system, plan) if self._takes_orders(plan) else None
            values = {"channel_id": channel.id} if channel else {}
            profile = profiles.create({**plan["profile"], **values, "system_id": system.id})
        for vals in plan["agreements"]:
            self._agree(profile, vals)
        for domain, code, model, record_id in plan["meanings"]:
            self._explain(system, domain, code, model, record_id)
        for external_id, contact_id in plan["contacts"]:
            self.env["dist.binding"]._bind(system, self.env["res.partner"].browse(contact_id), external_id)
        return profile

    @api.model
    def _takes_orders(self, plan):
        return any(
            vals["direction"] == "in" and vals["code"] in ("850", "ORDERS") for vals in plan["agreements"]
        )

    @api.model
    def _get_channel(self, system, plan):
        """:return: dist.sales.channel that takes the orders of a system; made when there is none"""
        channels = self.env["dist.sales.channel"]
        return channels.search([("system_id", "=", system.id)], limit=1) or channels.create(
            {"name": system.name, "code": "EDI", "system_id": system.id, "company_id": plan["company"]}
        )

    @api.model
    def _agree(self, profile, vals):
        agreement = profile._get_agreed_document(vals["direction"], vals["code"])
        if not agreement:
            agreement.create({**vals, "edi_partner_id": profile.id})
        elif vals.get("overlay"):
            agreement.overlay = vals["overlay"]

    @api.model
    def _explain(self, system, domain, code, model, record_id):
        maps = self.env["dist.code.map"]
        if not maps._find_row(system, domain, code):
            values = {"system_id": system.id, "domain": domain, "external_code": code}
            maps.create({**values, "res_model": model, "res_id": record_id})

    # trying

    @api.model
    def _run(self, plan):
        """Try the files of a plan in a transaction of its own, which is rolled back.

        :return: list of dicts: ``file``, ``code``, ``number``, ``document`` (what it is), ``verdict`` (applied, waits,
            refused, acknowledgement or own), ``detail`` and ``content`` (HTML)
        :raises UserError: what the plan proposes cannot be made
        """
        with self.env.registry.cursor() as cr:
            try:
                start_shadow(cr)
                context = {
                    "allowed_company_ids": [plan["company"]],
                    "lang": self.env.lang,
                    "tz": self.env.context.get("tz"),
                }
                return api.Environment(cr, SUPERUSER_ID, context)[self._name]._try_plan(plan)
            finally:
                cr.rollback()
                # configuration that was made here may have been read into the registry's cache
                self.env.registry.clear_cache()

    @api.model
    def _try_plan(self, plan):
        profile = self._set_up(plan)
        tried = (outcome for name, raw in plan["files"] for outcome in self._try_file(profile, name, raw))
        return list(islice(tried, MAX_DOCUMENTS))

    @api.model
    def _try_file(self, profile, name, raw):
        message = self._store_message(profile, FILE_TYPE, raw, {"source_name": name[:255]})
        for parsed, start, end in read_pieces(raw):
            vals = message.env["dist.edi.interchange"]._prepare_received(
                message, profile, parsed, raw[start:end]
            )
            direction = "out" if parsed.sender == profile.own_identifier else "in"
            interchange = message.env["dist.edi.interchange"].create(
                {
                    **vals,
                    "direction": direction,
                    "state": "processed" if direction == "in" else "prepared",
                    "is_test": False,
                }
            )
            for group in parsed.groups:
                stored = self.env["dist.edi.group"]._store(interchange, group)
                for transaction in group.transactions:
                    outcome = self._try_document(interchange, stored, transaction, start)
                    yield {"file": name, **outcome}

    @api.model
    def _try_document(self, interchange, group, transaction, start):
        documents = self.env["dist.edi.document"]
        document = documents.create(documents._prepare_stored(interchange, group, transaction, start))
        if transaction.code in ACKNOWLEDGEMENTS:
            return self._describe_acknowledgement(document, transaction)
        agreement = interchange.edi_partner_id._get_agreed_document(interchange.direction, transaction.code)
        canonical, issues = documents._read_transaction(transaction, agreement)
        document._write_reading(canonical, issues, agreement)
        every = [*issues, *transaction.group.issues, *transaction.interchange.issues]
        errors = [issue for issue in every if issue.severity == "error"]
        if errors:
            lines = [f"{_describe(issue)}: {issue.detail}" for issue in errors]
            return self._prepare_outcome(document, "refused", lines)
        if interchange.direction == "out":
            return self._prepare_outcome(document, "own", [_("Sent by us; it can be read as agreed.")])
        return self._prepare_outcome(document, *self._apply(document, agreement, canonical))

    @api.model
    def _describe_acknowledgement(self, document, transaction):
        try:
            said = read_acknowledgement(transaction)
        except EdiError as error:
            return self._prepare_outcome(document, "refused", [str(error)])
        number = said.get("group", said.get("interchange", {})).get("control_number")
        text = _("Acknowledges %(number)s: %(status)s", number=number, status=said["status"])
        return self._prepare_outcome(document, "acknowledgement", [text])

    @api.model
    def _prepare_outcome(self, document, verdict, lines):
        return {
            "code": document.code,
            "number": document.business_key or document.control_number or "",
            "document": document.document_name or "",
            "verdict": verdict,
            # whoever may make the profile has named it
            "detail": document._redact("\n".join(lines), shown=document.edi_partner_id.name),
            "content": document.rendered_view,
        }

    # the effect

    @api.model
    def _apply(self, document, agreement, canonical):
        """Have a document its effect, within the transaction that is rolled back.

        :return: (verdict, list of sentences)
        """
        try:
            with self.env.cr.savepoint():
                payload = self.env[f"dist.edi.translator.{document.document_name}"]._to_message(
                    document, canonical
                )
                message = self._store_message(
                    document.edi_partner_id,
                    agreement._get_message_type_code(canonical),
                    strict_json.dumps(payload),
                    {
                        "parent_id": document.interchange_id.message_id.id,
                        "business_key": document.business_key or None,
                    },
                )
                document.write({"state": "accepted", "message_id": message.id})
                message._validate(payload)
                handler = message._get_handler()
                handler._prefetch([(message, payload)])
                result = handler._apply(message, payload)
                message.env.flush_all()
                return self._describe_result(result)
        except (IntegrationError, UserError) as error:
            waits = getattr(error, "message_state", "") == "error"
            return ("waits" if waits else "refused"), self._describe_error(error)
        except Exception as error:  # pylint: disable=broad-except
            if isinstance(error, psycopg2.Error) and is_connection_lost(error):
                raise
            _logger.exception("A document of a certification set fails")
            return "refused", [_("It fails: %s", type(error).__name__)]

    @api.model
    def _store_message(self, profile, type_code, raw, vals):
        """:return: dist.message in the environment in which a partner's messages are handled"""
        messages = self.env["dist.message"]
        message_type = self.env["dist.message.type"]._get_by_code(type_code)
        row = messages._prepare_inbound_row(
            {
                "client_id": profile.client_id.id or None,
                "system_id": profile.system_id.id,
                "company_id": profile.company_id.id,
                "message_type_id": message_type.id,
                "version_id": message_type._get_default_version().id,
                "idempotency_key": new_id("trial"),
                "request_hash": hashlib.sha256(raw).hexdigest(),
                **vals,
            },
            raw,
        )
        return messages.browse(messages._insert_rows("dist_message", [row]))._in_service_environment()

    @api.model
    def _describe_result(self, result):
        """:return: (verdict, list of sentences)"""
        record, lines = result.record, []
        if record:
            name = self.env["ir.model"]._get(record._name).name
            lines.append(f"{name}: {record.display_name}")
        lines += [f"{spec.summary}\n{spec.detail}".strip() for spec in result.exceptions]
        lines += result.answer.get("differences", [])
        status = result.answer.get("status")
        if status:
            lines.append(_("Answer: %s", status.replace("_", " ")))
        waits = bool(result.exceptions) or result.status == 202 or status in ("held", "waiting")
        return ("waits" if waits else "applied"), lines

    @api.model
    def _describe_error(self, error):
        """:return: list of sentences: each thing that is wrong, and what would solve it"""
        details = [one["detail"] for one in getattr(error, "errors", None) or [] if one.get("detail")]
        own = getattr(error, "detail", None) or str(error.args[0] if error.args else error)
        suggestion = getattr(error, "suggestion", "")
        return list(dict.fromkeys(filter(None, [*(details or [own]), suggestion])))
