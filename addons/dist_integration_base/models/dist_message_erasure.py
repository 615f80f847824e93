import base64
import hashlib
import json

from odoo import api, models
from odoo.tools import split_every

from ..lib import erasure
from ..lib.whole import GAPS, Person, spellings, to_plain_number
from .dist_exception import UNSOLVED

# texts that only hold personal values by chance
NAMES = ("error", "business_key", "ordering_key", "source_name", "cancel_reason")
SETTLED = ("done", "cancelled", "dead")
# Messages in which something may stand, in any longer text too: what is looked for as a whole comes after.
# The raw bytes as text, whatever they are: those that are no ASCII as \ooo, as the same function gives the term.
FIND = """
SELECT message.id, about.is_known
FROM dist_message AS message LEFT JOIN dist_event AS event ON event.id = message.event_id
CROSS JOIN LATERAL (
    SELECT lower(concat_ws(chr(10), message.payload, message.answer, message.error, message.business_key,
            message.cancel_reason, message.idempotency_key, message.source_name, event.payload)) AS text,
        lower(encode(decode(convert_from(message.raw, 'LATIN1'), 'base64'), 'escape')) AS received) AS content
CROSS JOIN LATERAL (
    SELECT (message.res_model, message.res_id) IN (SELECT * FROM unnest(%(models)s::text[], %(ids)s::integer[]))
        OR (event.res_model, event.res_id) IN (SELECT * FROM unnest(%(models)s::text[], %(ids)s::integer[]))
        OR message.id = ANY(%(uploads)s) AS is_known) AS about
WHERE about.is_known
   OR EXISTS (
    SELECT FROM unnest(%(terms)s::text[]) AS term
    WHERE strpos(content.text, lower(term)) > 0
       OR strpos(content.received, lower(encode(convert_to(term, 'UTF8'), 'escape'))) > 0
       OR EXISTS (
        SELECT FROM dist_message_attempt AS attempt
        WHERE attempt.message_id = message.id
          AND strpos(lower(concat_ws(chr(10), attempt.response_excerpt, attempt.detail)), lower(term)) > 0))
   OR EXISTS (
    SELECT FROM unnest(%(numbers)s::text[]) AS plain_number
    WHERE strpos(translate(content.text, %(gaps)s, ''), plain_number) > 0
       OR strpos(translate(content.received, %(gaps)s, ''), plain_number) > 0
       OR EXISTS (
        SELECT FROM dist_message_attempt AS attempt
        WHERE attempt.message_id = message.id AND strpos(translate(
            lower(concat_ws(chr(10), attempt.response_excerpt, attempt.detail)), %(gaps)s, ''), plain_number) > 0))
   OR EXISTS (
    SELECT FROM unnest(%(names)s::text[]) AS name, unnest(%(places)s::text[]) AS place
    WHERE (strpos(content.text, lower(name)) > 0 AND strpos(content.text, lower(place)) > 0)
       OR (strpos(content.received, lower(encode(convert_to(name, 'UTF8'), 'escape'))) > 0
           AND strpos(content.received, lower(encode(convert_to(place, 'UTF8'), 'escape'))) > 0))
"""
# all texts of a message that FIND looks into
SEARCHED = ("payload", "answer", "error", "business_key", "cancel_reason", "idempotency_key", "source_name")
BATCH = 100
SHORTEST_PLACE = 4


class DistMessage(models.Model):
    """A person's data is taken out of messages that are settled; hashes of what they were are kept (G6)."""

    _inherit = "dist.message"

    @api.model
    def _find_personal(self, partners, identifiers):
        """Messages about a person, in every company the user works in: those of the documents that name the contact,
        those that hold an identifier as a whole, and those that hold the name together with the street or the postal
        code.

        :param partners: res.partner
        :param identifiers: list of texts that no other person has, such as an e-mail address
        :return: dist.message, with the bulk calls, corrections and deliveries of the same content
        """
        self.env.flush_all()
        uploads = self._find_uploads_with(identifiers).mapped("res_id") if identifiers else []
        values = self._get_search_values(partners, identifiers)
        self.env.cr.execute(FIND, {**values, "uploads": uploads})
        rows = self.env.cr.fetchall()
        found = self.sudo().browse([message_id for message_id, is_known in rows if is_known])
        person = self._get_person(partners, identifiers)
        for ids in split_every(BATCH, [message_id for message_id, is_known in rows if not is_known]):
            messages = self.sudo().browse(ids)
            found |= messages.filtered(lambda message: message._tells_of(person))
            # their contents may be large
            (messages - found).invalidate_recordset(flush=False)
        size = -1
        while size != len(found):
            size = len(found)
            found |= found.parent_id | found.original_id | found.correction_ids | found.event_id.message_ids
        return self.search([("id", "in", found.ids)])

    def _tells_of(self, person):
        """Whether something stands in this message that a person is known by.

        :param person: lib.whole.Person
        """
        content = "\n".join(filter(None, [*(self[name] for name in SEARCHED), self.event_id.payload]))
        if person.is_in(content) or person.is_in(self._get_raw().decode("utf-8", "replace")):
            return True
        told = [(attempt.response_excerpt, attempt.detail) for attempt in self.attempt_ids]
        return any(person.is_identified(text) for texts in told for text in texts)

    @api.model
    def _get_person(self, partners, identifiers):
        """:return: lib.whole.Person; parameters as of `_find_personal`"""
        names = partners.filtered("name").mapped("name")
        return Person(identifiers, names, self._get_places(self._find_contacts(partners)))

    @api.model
    def _get_search_values(self, partners, identifiers):
        """:return: dict, parameters of the statements that find what is about a person"""
        contacts = self._find_contacts(partners)
        documents = [
            (record._name, record.id) for records in self._find_documents(contacts) for record in records
        ]
        names = partners.filtered("name").mapped("name")
        return {
            "terms": self._get_search_terms(identifiers),
            "numbers": self._get_search_numbers(identifiers),
            "gaps": GAPS,
            "names": self._get_search_terms(names),
            "places": self._get_search_terms(self._get_places(contacts)),
            "models": [model_name for model_name, _id in documents],
            "ids": [record_id for _model_name, record_id in documents],
        }

    @api.model
    def _find_contacts(self, partners):
        """:return: res.partner, a person's contacts with the addresses below them, archived ones too"""
        contacts = self.env["res.partner"].sudo().with_context(active_test=False)
        return contacts.search([("id", "child_of", partners.ids)]) if partners else contacts

    @api.model
    def _get_places(self, contacts, names=("street", "zip")):
        """:return: list of texts, which together with the name stand for a person"""
        values = [contact[name] for contact in contacts for name in names]
        return list(dict.fromkeys(value for value in values if value and len(value) >= SHORTEST_PLACE))

    @api.model
    def _find_documents(self, contacts):
        """:return: list of recordsets: contacts, and documents of messages and events that name one as partner"""
        if not contacts:
            return []
        self.env.cr.execute("SELECT res_model FROM dist_message UNION SELECT res_model FROM dist_event")
        found = [contacts]
        for (model_name,) in self.env.cr.fetchall():
            if model_name not in self.env or model_name == "res.partner":
                continue
            names = [
                name
                for name, field in self.env[model_name]._fields.items()
                if field.store
                and field.type == "many2one"
                and field.comodel_name == "res.partner"
                and name.startswith("partner_")
            ]
            if names:
                records = self.env[model_name].sudo().with_context(active_test=False)
                domain = [(name, "in", contacts.ids) for name in names]
                found.append(records.search(["|"] * (len(domain) - 1) + domain))
        return found

    @api.model
    def _get_search_terms(self, identifiers):
        """:return: list of texts, the spellings of identifiers as they may be stored"""
        # the database only knows upper and lower case of what it reads as text
        cases = {case for value in identifiers for case in (value, value.lower(), value.upper())}
        return list({term for value in cases for term in spellings(value)})

    @api.model
    def _get_search_numbers(self, identifiers):
        """:return: list of texts, the numbers among identifiers without the separators of `GAPS`"""
        return [number for number in map(to_plain_number, identifiers) if number]

    def _filter_erasable(self):
        """:return: those that nobody needs any more: settled, no exception open, not on legal hold"""
        erasable = self.sudo().filtered(lambda message: message._is_settled())
        # content that is shared with what still has to be delivered stays
        return erasable.filtered(
            lambda message: all(other._is_settled() for other in message.event_id.message_ids)
        )

    def _is_settled(self):
        return (
            self.state in SETTLED and self.exception_id.state not in UNSOLVED and not self.flow_id.legal_hold
        )

    def _erase_personal(self, identifiers):
        """Replace personal values by a tombstone, wherever the framework keeps them.

        :param identifiers: list of texts, erased wherever they stand
        :return: set of texts, all that were erased
        """
        messages = self.sudo()
        # before the content that messages share is erased
        values = {message: set(identifiers) | message._get_personal_values(messages) for message in messages}
        messages.event_id._erase_personal(identifiers)
        # items before the call that brought them, which is erased by theirs
        for message in messages.sorted(lambda message: bool(message.child_ids)):
            message._erase_one(values[message], messages)
        return set(identifiers).union(*values.values())

    def _get_personal_values(self, messages):
        """:return: set of texts, the values at personal paths; of a call those of the items that are erased"""
        if self.child_ids:
            items = self.child_ids & messages
            return {value for item in items for value in item._get_personal_values(messages)}
        values = self._get_sensitive_values(self.message_type_id._get_personal_paths())
        return values - {erasure.TOMBSTONE}

    def _erase_one(self, values, messages):
        paths = self.message_type_id._get_personal_paths()
        evidence = json.loads(self.evidence or "{}")
        evidence.setdefault("before_erasure", self._get_hashes())
        for attempt in self.attempt_ids:
            attempt.response_excerpt = erasure.erase_answer(attempt.response_excerpt, values, paths)
            attempt.detail = erasure.erase_text(attempt.detail, values)
        self._get_exceptions()._erase_personal(values)
        self.env["dist.personal.data"]._erase_of_message(self, values, paths)
        self._erase_upload(values)
        self.write(
            {
                "raw": self._get_erased_raw(values, paths, messages),
                "payload": erasure.erase_document(self.payload, values, self._place_paths(paths)),
                "answer": erasure.erase_answer(self.answer, values, paths),
                **{name: erasure.erase_text(self[name], values) for name in NAMES},
                **self._get_erased_key(values),
                "evidence": json.dumps(evidence),
                "erased_at": self.env.cr.now(),
            }
        )

    def _get_erased_key(self, values):
        """A sender's key that holds a personal value is replaced: no two messages may have the same.

        :return: dict, as of ``write``
        """
        key = self.idempotency_key
        return (
            {"idempotency_key": f"{erasure.TOMBSTONE} {self.id}"}
            if erasure.erase_text(key, values) != key
            else {}
        )

    def _get_erased_raw(self, values, paths, messages):
        """:return: base64, False when there is nothing; what cannot be told apart is replaced as a whole"""
        if not self.raw:
            return False
        text = self._get_raw().decode("utf-8-sig", "replace")
        if self.child_ids:
            found = (self.child_ids & messages).mapped("item_index")
            erased = erasure.erase_items(text, values, paths, found)
        elif self.flow_id.mapping_id:
            erased = json.dumps(erasure.TOMBSTONE)
        else:
            erased = erasure.erase_document(text, values, paths)
        return base64.b64encode(erased.encode())

    def _get_hashes(self):
        hashes = {"file": self._get_file_evidence()} if self._find_uploads() else {}
        contents = {
            "content": (self.payload or "").encode(),
            "received": self._get_raw(),
            "answer": (self.answer or "").encode(),
        }
        return {
            **hashes,
            **{name: get_evidence(content) for name, content in contents.items() if content},
        }


def get_evidence(content):
    """:return: dict that proves what bytes were, without them"""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
