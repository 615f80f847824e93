import json
import secrets

from odoo import api, fields, models

from ..lib import audit
from ..lib.erasure import TOMBSTONE, erase_text
from .audit_protection import protect
from .dist_audit_entry import canonical_changes

# names of the texts of an entry, and what its hash calls them
TEXTS = {"record_name": "name", "part": "part", "reason": "reason"}
# each value of its changes is a text of its own, in JSON, called changes/0/old and so on
VALUES = "changes/"
SIDES = ("old", "new")
# entries of which a text is gone although no entry tells that this one was erased
REMOVED = """
SELECT min(seal.number)
FROM dist_audit_entry AS entry
JOIN dist_audit_seal AS seal ON seal.entry_id = entry.id
CROSS JOIN LATERAL (
    SELECT key AS name FROM jsonb_object_keys(entry.digests::jsonb) AS key WHERE key <> 'changes'
    UNION ALL
    SELECT concat('changes/', change.place - 1, '/', side)
    FROM jsonb_array_elements(entry.digests::jsonb -> 'changes') WITH ORDINALITY AS change (digests, place)
    CROSS JOIN unnest(ARRAY['old', 'new']) AS side
    WHERE change.digests ->> side IS NOT NULL
) AS kept
WHERE NOT EXISTS (
    SELECT FROM dist_audit_text AS text WHERE text.entry_id = entry.id AND text.name = kept.name)
  AND NOT EXISTS (
    SELECT FROM dist_audit_entry AS erasure
    WHERE erasure.action = 'erased' AND erasure.res_model = 'dist.audit.entry' AND erasure.res_id = entry.id
      AND erasure.digests::jsonb -> 'changes' @> jsonb_build_array(jsonb_build_object('field', kept.name)))
"""


class DistAuditText(models.Model):
    """A text of an audit entry. The chain holds its digest alone, so that it can be erased and the chain stays whole.

    The digest is salted, and the salt goes with the text: nobody finds out afterwards what it was by trying.
    """

    _name = "dist.audit.text"
    _description = "Text of an audit entry"
    _order = "id"
    _log_access = False

    entry_id = fields.Many2one(
        "dist.audit.entry", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="entry_id.company_id")
    name = fields.Char(required=True, readonly=True)
    text = fields.Text(required=True, readonly=True)
    salt = fields.Char(required=True, readonly=True)

    _sql_constraints = [("name_uniq", "unique(entry_id, name)", "An entry has a text once.")]

    def init(self):
        protect(self.env.cr, self._table)

    def _get_digest(self):
        """:return: digest of this text, as the entry keeps it"""
        self.ensure_one()
        return get_digest(self.name, self.text, self.salt)

    @api.model
    def _find_personal(self, identifiers, left):
        """:return: the texts in which an identifier stands, in the companies the user works in

        :param identifiers: list of texts
        :param left: dist.message; what was done with them stays readable as long as they do
        """
        found = self.env["dist.personal.data"]._find(self._name, {"text": "text"}, identifiers)
        texts = self.sudo().search(
            [("id", "in", list(found)), ("company_id", "in", [False, *self.env.companies.ids])]
        )
        return texts.filtered(
            lambda text: not (text.entry_id.res_model == left._name and text.entry_id.res_id in left.ids)
        )

    @api.model
    def _erase_about(self, domain, values, reason):
        """Erase the texts in which one of the values stands from entries.

        :param domain: on dist.audit.entry
        :param values: collection of texts
        :param reason: text, kept with each entry
        """
        entries = self.env["dist.audit.entry"].sudo().search(domain)
        texts = self.sudo().search([("entry_id", "in", entries.ids)])
        texts.filtered(lambda text: erase_text(text.text, values) != text.text)._erase(reason)

    def _erase(self, reason):
        """Erase these texts, and tell of which entries.

        :param reason: text, kept with each entry
        """
        entries = self.env["dist.audit.entry"]
        entries._add_many([self._prepare_erasure(entry, reason) for entry in self.entry_id])
        self.env.flush_all()
        self.unlink()
        entries.invalidate_model()

    def _prepare_erasure(self, entry, reason):
        names = self.filtered(lambda text: text.entry_id == entry).mapped("name")
        about = self.env["dist.audit.entry"]._prepare_record(entry)
        if "record_name" in names:
            about["record_name"] = TOMBSTONE
        changes = [{"field": name, "old": None, "new": TOMBSTONE} for name in names]
        return {**about, "action": "erased", "reason": reason, "changes": changes}


class DistAuditEntry(models.Model):
    """What may tell of a person stands beside the entry; the entry, and so the chain, holds digests."""

    _inherit = "dist.audit.entry"

    digests = fields.Text(readonly=True, help="Digest of each text, as JSON.")
    text_ids = fields.One2many("dist.audit.text", "entry_id", readonly=True, groups=fields.NO_ACCESS)
    record_name = fields.Char(compute="_compute_texts", search="_search_record_name")
    part = fields.Char(compute="_compute_texts", search="_search_part")
    reason = fields.Char(compute="_compute_texts", search="_search_reason")
    changes = fields.Text(compute="_compute_texts", search="_search_changes")

    @api.depends("digests", "text_ids.text")
    def _compute_texts(self):
        for entry in self:
            texts = {text.name: text.text for text in entry.sudo().text_ids}
            digests = json.loads(entry.digests or "{}")
            for name in TEXTS:
                entry[name] = texts.get(name) or (TOMBSTONE if name in digests else False)
            entry.changes = canonical_changes(_get_changes(digests, texts))

    @api.model
    def _search_record_name(self, operator, value):
        return self._search_text("record_name", operator, value)

    @api.model
    def _search_part(self, operator, value):
        return self._search_text("part", operator, value)

    @api.model
    def _search_reason(self, operator, value):
        return self._search_text("reason", operator, value)

    @api.model
    def _search_changes(self, operator, value):
        if value is False:
            return [("digests", "not like" if operator == "=" else "like", '"changes"')]
        found = self.env["dist.audit.text"].sudo()
        found = found.search([("name", "=like", f"{VALUES}%"), ("text", operator, value)])
        # names of fields stand in the entry itself
        return ["|", ("id", "in", found.entry_id.ids), ("digests", "ilike", f'"field": "{value}')]

    @api.model
    def _search_text(self, name, operator, value):
        texts = self.env["dist.audit.text"].sudo()
        if value is False:
            found = texts.search([("name", "=", name)])
            return [("id", "not in" if operator == "=" else "in", found.entry_id.ids)]
        found = texts.search([("name", "=", name), ("text", operator, value)])
        return [("id", "in", found.entry_id.ids)]

    @api.model_create_multi
    def create(self, vals_list):
        parts = [_split(vals) for vals in vals_list]
        salts = [{name: secrets.token_hex(16) for name in texts} for texts in parts]
        entries = super().create(
            [
                {
                    **{name: value for name, value in vals.items() if name not in (*TEXTS, "changes")},
                    "digests": json.dumps(_prepare_digests(vals, texts, salt)),
                }
                for vals, texts, salt in zip(vals_list, parts, salts, strict=True)
            ]
        )
        self.env["dist.audit.text"].sudo().create(
            [
                {"entry_id": entry.id, "name": name, "text": text, "salt": salt[name]}
                for entry, texts, salt in zip(entries, parts, salts, strict=True)
                for name, text in texts.items()
            ]
        )
        return entries

    def _get_content(self):
        found = {text.name: text._get_digest() for text in self.sudo().text_ids}
        digests = _place(json.loads(self.digests or "{}"), found)
        hashed = {key: digests.get(name) for name, key in [*TEXTS.items(), ("changes", "changes")]}
        return audit.canonical({**json.loads(super()._get_content()), **hashed})

    def _get_texts(self):
        """:return: JSON of each text with its salt, for who verifies digests elsewhere"""
        texts = {text.name: {"text": text.text, "salt": text.salt} for text in self.sudo().text_ids}
        return json.dumps(texts, ensure_ascii=False, sort_keys=True)


class DistAuditSeal(models.Model):
    _inherit = "dist.audit.seal"

    @api.model
    def _get_links(self, after):
        # the rows as they are in the database, whatever was read before
        self.env["dist.audit.text"].invalidate_model()
        return super()._get_links(after)

    @api.model
    def _find_beside(self, head, verifier):
        found = super()._find_beside(head, verifier)
        if found:
            return found
        self.env.cr.execute(REMOVED)
        number = self.env.cr.fetchone()[0]
        return audit.Finding(number, "removed") if number else None

    def _prepare_export_row(self):
        return {**super()._prepare_export_row(), "texts": self.entry_id._get_texts()}


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _count_beside(self, identifiers, left):
        texts = self.env["dist.audit.text"]._find_personal(identifiers, left)
        return {**super()._count_beside(identifiers, left), "dist.audit.entry": len(texts.entry_id)}

    @api.model
    def _erase_beside(self, identifiers, values, left, reason):
        count = super()._erase_beside(identifiers, values, left, reason)
        texts = self.env["dist.audit.text"]._find_personal(identifiers, left)
        texts._erase(reason)
        return count + len(texts)


def get_digest(name, text, salt):
    """:return: digest of a text"""
    if name.startswith(VALUES):
        return audit.digest(salt, name.removeprefix(VALUES), json.loads(text))
    return audit.digest(salt, name, text)


def _split(vals):
    """:return: dict, name to text"""
    texts = {name: vals[name] for name in TEXTS if vals.get(name)}
    for number, change in enumerate(json.loads(vals.get("changes") or "[]")):
        for side in SIDES:
            if change[side] is not None:
                texts[f"{VALUES}{number}/{side}"] = json.dumps(change[side], ensure_ascii=False)
    return texts


def _prepare_digests(vals, texts, salts):
    """:return: dict, name to digest; ``changes`` is a list of dicts of field and the digests of both values"""
    found = {name: get_digest(name, text, salts[name]) for name, text in texts.items()}
    changes = [
        {"field": change["field"], "old": None, "new": None}
        for change in json.loads(vals.get("changes") or "[]")
    ]
    return _place({"changes": changes} if changes else {}, found)


def _place(digests, found):
    """:return: the digests of an entry with those of the texts that are found in place of what was kept"""
    placed = {**digests, **{name: digest for name, digest in found.items() if name in TEXTS}}
    if "changes" in digests:
        placed["changes"] = [
            {
                "field": change["field"],
                **{side: found.get(f"{VALUES}{number}/{side}", change[side]) for side in SIDES},
            }
            for number, change in enumerate(digests["changes"])
        ]
    return placed


def _get_changes(digests, texts):
    """:return: list of dicts of field and both values, a tombstone for those that are erased"""
    return [
        {
            "field": change["field"],
            **{side: _get_value(change[side], texts.get(f"{VALUES}{number}/{side}")) for side in SIDES},
        }
        for number, change in enumerate(digests.get("changes", []))
    ]


def _get_value(digest, text):
    if digest is None:
        return None
    return json.loads(text) if text else TOMBSTONE
