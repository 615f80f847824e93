import base64

from odoo import api, models
from odoo.tools import SQL

from ..lib import erasure
from ..lib.whole import GAPS, Person, spellings

# values are taken out of a text
TEXT = "text"
# they are taken out of JSON, with what has the name of a personal value
DOCUMENT = "document"
# a number or key that holds one is replaced: the rest of it means nothing
WHOLE = "whole"
# bytes that nobody can take apart are removed
CONTENT = "content"
# attached files are removed: all where the record names the person, else those that do
FILES = "files"
# the model erases it itself, and keeps a hash of what it was
OWN = "own"
# what leads to the message of a record that does not say so itself
LINKS = {"dist.cutover.difference": ["comparison_id.message_id"]}
# model of notes, what leads to the record they are about, its model, texts; Odoo 19 keeps no name of the record
NOTES = (
    ("mail.message", "", "model", ("subject", "body", "record_name")),
    ("mail.mail", "mail_message_id.", "model", ("body_html",)),
    ("mail.activity", "", "res_model", ("summary", "note", "res_name")),
    (
        "mail.tracking.value",
        "mail_message_id.",
        "model",
        ("old_value_char", "new_value_char", "old_value_text", "new_value_text"),
    ),
)

PLACES = {
    "dist.audit.text": {"text": OWN},
    "dist.binding": {"external_id": WHOLE},
    "dist.change.request": {
        "content": DOCUMENT,
        "decision_note": TEXT,
        "reason": TEXT,
        "record_name": TEXT,
    },
    "dist.change.request.line": {"new": TEXT, "old": TEXT},
    "dist.cutover.comparison": {
        "accept_reason": TEXT,
        "error": TEXT,
        "key": WHOLE,
        "ours": DOCUMENT,
        "reference": DOCUMENT,
    },
    "dist.cutover.difference": {"ours_value": DOCUMENT, "path": TEXT, "reference_value": DOCUMENT},
    "dist.endpoint": {"disabled_reason": TEXT},
    "dist.endpoint.status": {"last_error": TEXT},
    "dist.event": {"business_key": OWN, "error": OWN, "ordering_key": OWN, "payload": OWN},
    "dist.exception": {
        "detail": TEXT,
        "document_name": TEXT,
        "external_code": TEXT,
        "fingerprint": TEXT,
        "ignore_reason": TEXT,
        "impact_skus": TEXT,
        "name": TEXT,
        "suggestion": TEXT,
    },
    "dist.flow.history": {"reason": TEXT},
    "dist.message": {
        "answer": OWN,
        "business_key": OWN,
        "cancel_reason": OWN,
        "error": OWN,
        "idempotency_key": OWN,
        "ordering_key": OWN,
        "payload": OWN,
        "raw": OWN,
        "source_name": OWN,
        "upload": OWN,
    },
    "dist.message.attempt": {"detail": OWN, "response_excerpt": OWN},
    "dist.milestone": {"compensation_error": TEXT, "document_name": TEXT},
    "dist.reconciliation": {"error": TEXT, "name": TEXT, "snapshot": OWN, "snapshot_name": TEXT},
    "dist.reconciliation.line": {
        "explanation": TEXT,
        "key": WHOLE,
        "name": TEXT,
        "posting_problem": TEXT,
        "problem": TEXT,
        "received_as": TEXT,
    },
    "dist.replay": {"reason": TEXT},
    "dist.replay.item": {"note": TEXT},
}
# what a person or a program names, counts or hashes, and who acted: it tells of no customer
IMPERSONAL = {
    "dist.alert": {"name"},
    "dist.alert.digest": {"name"},
    "dist.alert.rule": {"advice", "name"},
    "dist.api.call": {"operation", "problem"},
    "dist.api.client": {"allowed_networks", "name"},
    "dist.api.key": {"key_hash", "prefix"},
    "dist.api.scope": {"code", "name"},
    "dist.audit.entry": {"digests", "res_model", "trace_id", "user_login"},
    "dist.audit.head": {"hash", "proof"},
    "dist.audit.seal": {"hash", "previous_hash"},
    "dist.audit.text": {"name", "salt"},
    "dist.binding": {"res_model"},
    "dist.change.request": {"before", "fingerprint", "name", "res_model"},
    "dist.change.request.line": {"label", "name"},
    "dist.change.rule": {"condition", "field_names", "name"},
    "dist.code.map": {"domain", "external_code", "res_model", "value"},
    "dist.credential": {"name", "username"},
    "dist.credential.version": {"encrypted", "fingerprint"},
    "dist.cutover.comparison": {"error_code", "evidence", "res_model"},
    "dist.cutover.difference": {"pattern"},
    "dist.endpoint": {
        "allowed_networks",
        "amqp_exchange",
        "amqp_queue",
        "archive_folder",
        "auth_header",
        "ca_bundle",
        "error_folder",
        "event_prefix",
        "feed_cursor_parameter",
        "feed_id",
        "feed_items",
        "feed_next",
        "file_name",
        "host_key",
        "kafka_topic",
        "name",
        "oauth_scope",
        "oauth_token_url",
        "retry_schedule",
        "routing_key",
        "url",
    },
    "dist.endpoint.status": {"breaker", "source_state"},
    "dist.event": {"evidence", "res_model", "trace_id", "traceparent", "uuid"},
    "dist.event.mark": {"horizon", "table_name"},
    "dist.event.sequence": {"res_model"},
    "dist.exception": {
        "code",
        "impact_before",
        "impact_warehouses",
        "intended_resolution",
        "mapping_domain",
        "mapping_model",
        "res_model",
        "trace_id",
    },
    "dist.exception.team": {"name"},
    "dist.flow": {
        "comparison_ignore",
        "comparison_keys",
        "comparison_tolerances",
        "cutover_domain",
        "documentation_url",
        "escalation",
        "filter_domain",
        "interface_version",
        "missing",
        "name",
        "retry_schedule",
        "runbook",
        "source_pattern",
    },
    "dist.flow.history": {"from_value", "to_value"},
    "dist.inbound.change": {"res_model"},
    "dist.mapping": {"name"},
    "dist.mapping.row": {"code_map", "converter", "default_value", "parent_target", "source", "target"},
    "dist.message": {
        "error_code",
        "evidence",
        "request_hash",
        "res_model",
        "trace_id",
        "traceparent",
        "uuid",
    },
    "dist.message.attempt": {"error_code"},
    "dist.message.type": {"code", "description", "domain", "name", "personal_paths", "sensitive_paths"},
    "dist.message.type.version": {"answer_schema_file", "schema_file", "schema_text"},
    "dist.milestone": {"res_model"},
    "dist.ownership.domain": {"code", "name"},
    "dist.ownership.group": {"code", "field_names", "full_code", "model_names", "name"},
    "dist.process": {"cancelled_domain", "code", "document_domain", "model_name", "name"},
    "dist.process.step": {"code", "condition", "due_field", "name", "refused_condition"},
    "dist.reconciliation.accuracy": {"class_code", "place"},
    "dist.reconciliation.line": {"class_code", "posted_model", "res_model"},
    "dist.reconciliation.profile": {"name", "scope_domain"},
    "dist.reconciliation.progress": {"stage"},
    "dist.reconciliation.reason": {"code", "name"},
    "dist.reconciliation.tolerance": {"class_code"},
    "dist.system": {"code", "name", "runbook"},
    "dist.traffic": {"operation", "outcome"},
    "dist.traffic.position": {"source"},
}


class DistPersonalData(models.AbstractModel):
    """Every stored text of the suite, and what becomes of it when a person's data is erased (G6).

    A text belongs to one of two lists: it may tell of a person, or it cannot. A test keeps them complete.
    """

    _name = "dist.personal.data"
    _description = "Places of personal data"

    @api.model
    def _get_places(self):
        """:return: list of dicts, model to dict of field to TEXT, DOCUMENT, WHOLE, CONTENT, FILES or OWN"""
        return [PLACES]

    @api.model
    def _get_impersonal(self):
        """:return: list of dicts, model to set of fields that cannot tell of a person"""
        return [IMPERSONAL]

    @api.model
    def _get_erased_places(self):
        """:return: dict, model to dict of field to how it is erased here"""
        places = {}
        for given in self._get_places():
            for model_name, kinds in given.items():
                own = {name: kind for name, kind in kinds.items() if kind != OWN}
                places[model_name] = {**places.get(model_name, {}), **own}
        return {model_name: kinds for model_name, kinds in places.items() if kinds}

    @api.model
    def _erase_beside(self, identifiers, values, left, reason):
        """Erase a person's data wherever else an identifier stands, in the companies the user works in.

        What belongs to messages that are left stays as they do; so do external ids, which those need.

        :param identifiers: list of texts that no other person has
        :param values: set of texts that are erased where an identifier is found
        :param left: dist.message
        :param reason: text, kept with each audit entry that loses something
        :return: number of records
        """
        count = 0
        for model_name, kinds in self._get_erased_places().items():
            ids = self._find(model_name, kinds, identifiers) - self._get_kept(model_name, left)
            self._erase_rows(model_name, kinds, ids, values, [])
            count += len(ids)
        return count + self._erase_mail(identifiers, values, left)

    @api.model
    def _count_beside(self, identifiers, left):
        """:return: dict, model to the number of its records that `_erase_beside` changes"""
        counts = {
            model_name: len(self._find(model_name, kinds, identifiers) - self._get_kept(model_name, left))
            for model_name, kinds in self._get_erased_places().items()
        }
        notes = {notes._name: len(notes) for notes, _texts in self._find_notes(identifiers, left)}
        return {**counts, **notes}

    @api.model
    def _get_searched_files(self):
        """:return: ir.attachment, the files that are searched for a person"""
        return self.env["dist.message"]._find_all_uploads()

    @api.model
    def _find_unreadable(self):
        """:return: ir.attachment, those files of the companies the user works in that nobody can read to their end"""
        files = self._get_searched_files()
        own = files.filtered(lambda file: not file.company_id or file.company_id in self.env.companies)
        return own.filtered(lambda file: file._dist_is_unreadable())

    @api.model
    def _erase_of_message(self, message, values, paths):
        """Erase what a message left in other records.

        :param values: set of texts
        :param paths: personal paths of the message's type
        """
        for model_name, kinds in self._get_erased_places().items():
            links = [(name, "=", message.id) for name in self._get_links(model_name)]
            if model_name == message.res_model:
                links.append(("id", "=", message.res_id))
            if links:
                records = self.env[model_name].sudo().with_context(active_test=False)
                found = records.search(["|"] * (len(links) - 1) + links)
                self._erase_rows(model_name, kinds, set(found.ids), values, paths, is_linked=True)

    @api.model
    def _get_links(self, model_name):
        """:return: list of paths of the fields that say from which message a record comes"""
        return LINKS.get(model_name) or [
            name
            for name, field in self.env[model_name]._fields.items()
            if field.store and field.type == "many2one" and field.comodel_name == "dist.message"
        ]

    @api.model
    def _get_kept(self, model_name, left):
        """:return: set of ids of the records that are on legal hold, or that messages which are left still need"""
        records = self.env[model_name].sudo().with_context(active_test=False)
        if left and model_name == "dist.binding":
            return set(records.search([]).ids)
        kept = set(left.sudo()._get_exceptions().ids) if model_name == "dist.exception" else set()
        domains = [[(name, "in", left.ids)] for name in self._get_links(model_name)]
        if records._fields.get("flow_id") and records._fields["flow_id"].store:
            domains.append([("flow_id.legal_hold", "=", True)])
        return kept.union(*(records.search(domain).ids for domain in domains))

    @api.model
    def _find(self, model_name, kinds, identifiers):
        """:return: set of ids of the records in which one of the identifiers stands as a whole"""
        model = self.env[model_name]
        model.flush_model()
        texts, contents = self._get_searched_columns(kinds)
        company = model._fields.get("company_id")
        scope = SQL("TRUE")
        if company and company.store:
            scope = SQL("(company_id IS NULL OR company_id = ANY(%s))", self.env.companies.ids)
        # what stands in a longer text too: the wholes among it are found below
        self.env.cr.execute(
            SQL(
                "SELECT id, %s, %s FROM %s WHERE %s AND %s",
                texts,
                SQL("ARRAY[%s]::bytea[]", SQL(", ").join(contents)),
                SQL.identifier(model._table),
                scope,
                self._get_search_condition(texts, contents, identifiers),
            )
        )
        person = Person(identifiers)
        return {
            record_id
            for record_id, text, files in self.env.cr.fetchall()
            if person.is_identified(text) or any(person.is_identified(_read(file)) for file in files if file)
        }

    @api.model
    def _get_searched_columns(self, kinds):
        """:return: (SQL of all texts as one, list of SQL of columns with contents)"""
        texts = [
            SQL("%s::text", SQL.identifier(name))
            for name, kind in kinds.items()
            if kind not in (CONTENT, FILES)
        ]
        contents = [SQL.identifier(name) for name, kind in kinds.items() if kind == CONTENT]
        return SQL("concat_ws(chr(10), %s)", SQL(", ").join(texts)), contents

    @api.model
    def _get_search_condition(self, texts, contents, identifiers):
        """:return: SQL that holds where an identifier stands, be it in a longer one; numbers with any separators"""
        read = [SQL("lower(%s)", texts)]
        read += [
            SQL("lower(encode(decode(convert_from(%s, 'LATIN1'), 'base64'), 'escape'))", content)
            for content in contents
        ]
        messages = self.env["dist.message"]
        terms = [
            SQL("strpos(%s, lower(term)) > 0", read[0]),
            *(
                SQL("strpos(%s, lower(encode(convert_to(term, 'UTF8'), 'escape'))) > 0", text)
                for text in read[1:]
            ),
        ]
        numbers = [SQL("strpos(translate(%s, %s, ''), plain_number) > 0", text, GAPS) for text in read]
        return SQL(
            "(EXISTS (SELECT FROM unnest(%s::text[]) AS term WHERE %s) "
            "OR EXISTS (SELECT FROM unnest(%s::text[]) AS plain_number WHERE %s))",
            messages._get_search_terms(identifiers),
            SQL(" OR ").join(terms),
            messages._get_search_numbers(identifiers),
            SQL(" OR ").join(numbers),
        )

    @api.model
    def _erase_rows(self, model_name, kinds, ids, values, paths, is_linked=False):
        """Erase values from records, without what writing to them would set off.

        :param is_linked: the records come from a message that is erased
        """
        model, names = self.env[model_name], [name for name in kinds if kinds[name] != FILES]
        if not ids:
            return
        model.flush_model()
        named = set(ids) if is_linked else set()
        columns = SQL(", ").join(map(SQL.identifier, ["id", *names]))
        table = SQL.identifier(model._table)
        self.env.cr.execute(SQL("SELECT %s FROM %s WHERE id = ANY(%s)", columns, table, sorted(ids)))
        for row in self.env.cr.dictfetchall():
            erased = {
                name: self._erase_value(kinds[name], row[name], values, paths, row["id"], is_linked)
                for name in names
                if row[name] is not None
            }
            changed = {name: value for name, value in erased.items() if value != row[name]}
            if changed:
                named.add(row["id"])
                pairs = [SQL("%s = %s", SQL.identifier(name), value) for name, value in changed.items()]
                self.env.cr.execute(
                    SQL("UPDATE %s SET %s WHERE id = %s", table, SQL(", ").join(pairs), row["id"])
                )
        self._erase_files(model_name, kinds, ids, named, values)
        model.invalidate_model()
        self._erase_notes([("res_id", "in", sorted(ids))], values, model_name)

    @api.model
    def _erase_value(self, kind, value, values, paths, record_id, is_linked):
        if value in values:
            return f"{erasure.TOMBSTONE} {record_id}" if kind == WHOLE else erasure.TOMBSTONE
        if kind == CONTENT:
            text = _read(value)
            return None if is_linked or erasure.erase_text(text, values) != text else value
        if kind == DOCUMENT:
            return erasure.erase_answer(value, values, paths)
        erased = erasure.erase_text(value, values)
        if kind == WHOLE and erased != value:
            return f"{erasure.TOMBSTONE} {record_id}"
        return erased

    @api.model
    def _get_notes(self):
        """:return: list as of NOTES, with the texts that are stored"""
        return [
            (model_name, *about, [name for name in names if self.env[model_name]._fields[name].store])
            for model_name, *about, names in NOTES
        ]

    @api.model
    def _erase_mail(self, identifiers, values, left):
        """Erase from the chatter and the activities of the suite's own records where an identifier stands.

        :return: number of notes
        """
        found = self._find_notes(identifiers, left)
        for notes, names in found:
            self._erase_texts(notes, names, values)
        return sum(len(notes) for notes, _names in found)

    @api.model
    def _find_notes(self, identifiers, left):
        """Notes about the suite's own records of the companies the user works in, in which an identifier stands.

        :return: list of (recordset, names of its texts): messages of the chatter, activities, tracked values
        """
        kept = left.sudo()._get_exceptions().ids
        found, values = [], sorted({term for value in identifiers for term in spellings(value)})
        # numbers with anything between their digits
        values += ["%".join(number) for number in self.env["dist.message"]._get_search_numbers(identifiers)]
        person = Person(identifiers)
        # without an identifier, by the person alone, nothing is looked for in texts
        for notes_name, place, model_field, names in self._get_notes() if identifiers else ():
            terms = [(name, "ilike", value) for name in names for value in values]
            about = [
                (f"{place}{model_field}", "=like", "dist.%"),
                "|",
                (f"{place}{model_field}", "!=", "dist.exception"),
                (f"{place}res_id", "not in", kept),
            ]
            domain = [*about, *["|"] * (len(terms) - 1), *terms]
            notes = self.env[notes_name].sudo().with_context(active_test=False).search(domain)
            notes = notes.filtered(
                lambda note, names=names: any(person.is_identified(note[name]) for name in names)
            )
            found.append((self._filter_own_notes(notes, f"{place}{model_field}", f"{place}res_id"), names))
        return found

    @api.model
    def _filter_own_notes(self, notes, model_path, id_path):
        """:return: those about records of the companies the user works in, or of none"""
        about = {note: (note.mapped(model_path)[0], note.mapped(id_path)[0]) for note in notes}
        foreign = set()
        for model_name in {name for name, _id in about.values() if name in self.env}:
            records = self.env[model_name].sudo().with_context(active_test=False)
            if "company_id" in records._fields:
                ids = {record_id for name, record_id in about.values() if name == model_name}
                others = (
                    records.browse(ids)
                    .exists()
                    .filtered(lambda record: record.company_id - self.env.companies)
                )
                foreign |= {(model_name, record.id) for record in others}
        return notes.filtered(lambda note: about[note] not in foreign)

    @api.model
    def _erase_notes(self, domain, values, model_name):
        """Erase from messages of the chatter, what they track, and activities.

        :param domain: on the ids of their records
        :param model_name: of their records
        """
        for notes_name, place, model_field, names in self._get_notes():
            about = [(f"{place}{model_field}", "=", model_name)]
            about += [(f"{place}{name}", operator, value) for name, operator, value in domain]
            notes = self.env[notes_name].sudo().with_context(active_test=False).search(about)
            self._erase_texts(notes, names, values)

    @api.model
    def _erase_texts(self, notes, names, values):
        for note in notes:
            erased = {name: erasure.erase_text(note[name], values) for name in names if note[name]}
            note.write({name: value for name, value in erased.items() if value != note[name]})


def _read(content):
    """:return: text of what a column keeps as base64"""
    return base64.b64decode(bytes(content)).decode("utf-8", "replace")
