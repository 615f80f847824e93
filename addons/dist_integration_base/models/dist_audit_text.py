import json
import secrets

from odoo import api, fields, models

from ..lib import audit
from ..lib.erasure import TOMBSTONE

# names of the texts of an entry, and what its hash calls them
TEXTS = {"record_name": "name", "part": "part", "reason": "reason", "changes": "changes"}
# entries of which a text is gone although no entry tells that it was erased
REMOVED = """
SELECT min(seal.number) FROM dist_audit_entry AS entry JOIN dist_audit_seal AS seal ON seal.entry_id = entry.id
WHERE (SELECT count(*) FROM jsonb_object_keys(entry.digests::jsonb))
    > (SELECT count(*) FROM dist_audit_text WHERE entry_id = entry.id)
  AND NOT EXISTS (
    SELECT FROM dist_audit_entry AS erasure
    WHERE erasure.action = 'erased' AND erasure.res_model = 'dist.audit.entry' AND erasure.res_id = entry.id)
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

    def _get_digest(self):
        """:return: digest of this text, as the entry keeps it: of changes a list, with one for each value"""
        self.ensure_one()
        return get_digest(self.name, self.text, self.salt)

    @api.model
    def _erase_personal(self, identifiers, left):
        """Erase texts in which an identifier stands, and tell of which entries.

        :param identifiers: list of texts
        :param left: dist.message; what was done with them stays readable as long as they do
        :return: number of texts
        """
        found = self.env["dist.personal.data"]._find(self._name, {"text": "text"}, identifiers)
        texts = self.sudo().search(
            [("id", "in", list(found)), ("company_id", "in", [False, *self.env.companies.ids])]
        )
        texts = texts.filtered(
            lambda text: not (text.entry_id.res_model == left._name and text.entry_id.res_id in left.ids)
        )
        entries, count = texts.entry_id, len(texts)
        texts.unlink()
        entries.invalidate_recordset()
        self.env["dist.audit.entry"]._add_each("erased", entries)
        return count


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
                entry[name] = texts.get(name) or (_get_erased(digests[name]) if name in digests else False)

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
        return self._search_text("changes", operator, value)

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
        parts = [{name: vals[name] for name in TEXTS if vals.get(name)} for vals in vals_list]
        salts = [{name: secrets.token_hex(16) for name in texts} for texts in parts]
        entries = super().create(
            [
                {
                    **{name: value for name, value in vals.items() if name not in TEXTS},
                    "digests": json.dumps(
                        {name: get_digest(name, text, salt[name]) for name, text in texts.items()}
                    ),
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
        digests = {
            **json.loads(self.digests or "{}"),
            **{text.name: text._get_digest() for text in self.sudo().text_ids},
        }
        hashed = {key: digests.get(name) for name, key in TEXTS.items()}
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

    @api.model
    def _get_export_rows(self, domain):
        for row in super()._get_export_rows(domain):
            entry = self.sudo().search([("number", "=", row["number"])]).entry_id
            yield {**row, "texts": entry._get_texts()}


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _erase_beside(self, identifiers, values, left):
        count = super()._erase_beside(identifiers, values, left)
        return count + self.env["dist.audit.text"]._erase_personal(identifiers, left)


def get_digest(name, text, salt):
    """:return: digest of a text; of changes, JSON, a list of dicts of field and the digests of both values"""
    if name != "changes":
        return audit.digest(salt, name, text)
    return [
        {
            "field": change["field"],
            **{side: audit.digest(salt, f"{number}/{side}", change[side]) for side in ("old", "new")},
        }
        for number, change in enumerate(json.loads(text))
    ]


def _get_erased(digest):
    """:return: what is shown in place of a text"""
    if isinstance(digest, str):
        return TOMBSTONE
    sides = ("old", "new")
    return json.dumps(
        [
            {"field": change["field"], **{side: TOMBSTONE if change[side] else None for side in sides}}
            for change in digest
        ]
    )
