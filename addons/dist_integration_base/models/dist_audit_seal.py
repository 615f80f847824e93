import logging

from odoo import _, api, fields, models
from odoo.tools import split_every

from ..lib import audit
from .audit_protection import find_gaps, protect
from .dist_audit_entry import SEALING

_logger = logging.getLogger(__name__)

BATCH = 1000
LOCK = "dist.audit"
# findings that concern the noted end only
SIGNABLE = ("unsigned", "forged")


class DistAuditSeal(models.Model):
    """The place of an entry in the chain, and its hash.

    Apart from the entry, so that both tables are append-only. There is one chain for the database: a company's own
    would not show entries that were moved between companies, and much of the configuration belongs to none.
    """

    _name = "dist.audit.seal"
    _description = "Seal of an audit entry"
    _order = "number desc"
    _rec_name = "number"
    _log_access = False

    entry_id = fields.Many2one("dist.audit.entry", required=True, readonly=True, ondelete="restrict")
    number = fields.Integer(required=True, readonly=True)
    previous_hash = fields.Char(required=True, readonly=True)
    hash = fields.Char(required=True, readonly=True)
    sealed_at = fields.Datetime(required=True, readonly=True)

    _sql_constraints = [
        ("entry_uniq", "unique(entry_id)", "An entry is sealed once."),
        ("number_uniq", "unique(number)", "A place in the chain is taken once."),
    ]

    def init(self):
        protect(self.env.cr, self._table)

    @api.model
    def _cron_seal(self):
        """Seal what a process that died after its commit has left."""
        self._seal()

    @api.model
    def _seal(self):
        """Chain every committed entry that is not sealed yet, in transactions of their own.

        One worker at a time: the lock is only held here, after the commit of what the entries tell of.
        """
        work = self.env["dist.message"]._in_serial_transaction
        while work(LOCK, lambda env: env["dist.audit.seal"]._seal_batch()) == BATCH:
            continue

    @api.model
    def _seal_batch(self, sign_anew=False):
        """
        :param sign_anew: note and sign the end although the one that was noted is not authentic
        :return: number of entries that were sealed
        """
        pending = self.env["dist.audit.pending"].search([], order="id", limit=BATCH)
        if not pending:
            return 0
        last = self.search([], order="number desc", limit=1)
        number, previous = (last.number, last.hash) if last else (0, audit.GENESIS)
        head = self.env["dist.audit.head"].search([])
        authentic = self._is_end(head, number, previous)
        now = fields.Datetime.now()
        rows = []
        for entry in pending.entry_id:
            number += 1
            current = audit.link_hash(previous, number, entry._get_content())
            rows.append(
                {
                    "entry_id": entry.id,
                    "number": number,
                    "previous_hash": previous,
                    "hash": current,
                    "sealed_at": now,
                }
            )
            previous = current
        self.create(rows)
        if authentic or sign_anew:
            self._note_head(head, number, previous)
        else:
            # what was tampered with stays as it is for whoever looks into it; nothing is left unsealed
            _logger.error("The noted end of the audit trail is not authentic; it is left as it is")
        count = len(pending)
        pending.unlink()
        return count

    @api.model
    def _note_head(self, head, number, current):
        keys = self.env["dist.keyring"]._get_keys()
        values = {
            "number": number,
            "hash": current,
            "proof": audit.sign_head(keys[0], number, current) if keys else False,
        }
        if head:
            head.write(values)
        else:
            head.create(values)
        # whoever keeps the server's log keeps the end of the chain where the database's owner cannot reach
        _logger.info("Audit trail sealed up to entry %s: %s", number, current)

    @api.model
    def _is_end(self, head, number, current):
        """Whether the noted end is that of the chain, and signed where there is a key to sign it with.

        :param head: dist.audit.head, all there are
        :param number: number of the last seal, 0 for none
        :param current: its hash
        """
        if not head:
            return not number
        keys = self.env["dist.keyring"]._get_keys()
        return (head.mapped("number"), head.mapped("hash")) == ([number], [current]) and (
            not keys or audit.is_signed(keys, number, current, head.proof or "")
        )

    @api.model
    def _sign_anew(self, known=None):
        """Sign the end of a chain that is whole in itself: a key was set up or lost, or the cause was looked into.

        For the command: who runs it holds the keys. That it was done is an entry of its own.

        :param known: as of `_verify`
        :return: as of `_verify`; nothing was done when anything else was found
        """

        def sign(env):
            seals = env["dist.audit.seal"]
            found = seals._verify(known)
            if found["gaps"] or found["code"] not in (None, *SIGNABLE):
                return found
            # sealed here; after the commit it would wait for the lock that is held here
            env.cr.postcommit.data[SEALING] = True
            env["dist.audit.entry"]._add("overridden", reason=_("The end of the audit trail was signed anew"))
            while seals._seal_batch(sign_anew=True) == BATCH:
                continue
            return seals._verify()

        return self.env["dist.message"]._in_serial_transaction(LOCK, sign)

    # verifying

    @api.model
    def _verify(self, known=None):
        """Follow the whole chain.

        :param known: dict, number to hash, of entries whose hash was kept outside the database
        :return: dict with ``count``, ``head`` (hash), ``pending`` (committed, not sealed yet), ``signed``
            (whether the end is signed), ``number``, ``code`` and ``text`` of the first finding (``code`` None when
            all is well), ``entry_id`` (False when it is gone), ``gaps`` (names of triggers and functions of the
            database that do not protect the trail any more)
        """
        head = self.env["dist.audit.head"].sudo().search([], order="number desc")
        verifier = audit.Verifier(known)
        last = 0
        while links := self._get_links(last):
            if not all(verifier.add(link) for link in links):
                break
            last = links[-1].number
        finding = verifier.finish(head[:1].number) or self._find_beside(head, verifier)
        pending = self.env["dist.audit.pending"].sudo().search_count([])
        result = {
            "count": verifier.number,
            "head": verifier.head,
            "pending": pending,
            "signed": bool(head[:1].proof),
            "number": finding.number if finding else 0,
            "code": finding.code if finding else None,
            "entry_id": False,
            "gaps": find_gaps(self.env.cr),
        }
        if finding:
            found = self.sudo().search([("number", "=", finding.number)], limit=1)
            result["entry_id"] = found.entry_id.id
        return {**result, "text": self._get_verdict(result)}

    @api.model
    def _get_links(self, after):
        """:return: list of the next Links of the chain"""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT seal.number, seal.previous_hash, seal.hash, entry.id
            FROM dist_audit_seal AS seal LEFT JOIN dist_audit_entry AS entry ON entry.id = seal.entry_id
            WHERE seal.number > %s ORDER BY seal.number LIMIT %s
            """,
            (after, BATCH),
        )
        rows = self.env.cr.fetchall()
        entries = self.env["dist.audit.entry"].sudo()
        # the rows as they are in the database, whatever was read before
        entries.invalidate_model()
        found = entries.browse([row[3] for row in rows if row[3]])
        contents = {entry.id: entry._get_content() for entry in found}
        return [audit.Link(*row[:3], contents.get(row[3])) for row in rows]

    @api.model
    def _find_beside(self, head, verifier):
        """What the chain itself does not show: an end that was forged, entries outside of it, triggers taken off."""
        if not self._is_end(head, verifier.number, verifier.head):
            unsigned = len(head) == 1 and not head.proof
            return audit.Finding(verifier.number, "unsigned" if unsigned else "forged")
        self.env.cr.execute(
            """
            SELECT (SELECT count(*) FROM dist_audit_entry) -
                (SELECT count(*) FROM dist_audit_seal) - (SELECT count(*) FROM dist_audit_pending)
            """
        )
        if self.env.cr.fetchone()[0]:
            return audit.Finding(verifier.number, "unsealed")
        return audit.Finding(verifier.number, "unprotected") if find_gaps(self.env.cr) else None

    @api.model
    def _get_verdict(self, result):
        number = result["number"]
        texts = {
            None: _("The audit trail is whole: %s entries.", result["count"]),
            "missing": _("Entry %s is missing.", number),
            "cut": _("The end of the audit trail is missing, from entry %s on.", number),
            "removed": _("The content of entry %s was removed.", number),
            "changed": _("Entry %s was changed.", number),
            "detached": _("Entry %s does not follow the one before.", number),
            "forged": _("The noted end of the audit trail is not authentic (entry %s).", number),
            "unsigned": _(
                "The noted end of the audit trail is not signed, although there is an encryption key (entry %s). "
                "When the key is new, sign it with the command dist_audit_verify --sign.",
                number,
            ),
            "unsealed": _("There are entries that belong to no chain."),
            "unprotected": _("The database no longer refuses changes of the audit trail."),
        }
        if not result["gaps"]:
            return texts[result["code"]]
        missing = _("Missing, switched off or replaced in the database: %s.", ", ".join(result["gaps"]))
        return f"{texts[result['code']]} {missing}"

    @api.model
    def _get_export_rows(self, domain):
        """Sealed entries, with all that somebody outside needs to verify them.

        :param domain: on dist.audit.entry
        :return: iterator of dicts of texts, oldest first
        """
        ids = self.env["dist.audit.entry"].search(domain, order="id").ids
        for batch in split_every(BATCH, ids):
            seals = self.sudo().search([("entry_id", "in", batch)], order="number")
            yield from (seal._prepare_export_row() for seal in seals)

    def _prepare_export_row(self):
        entry = self.entry_id
        return {
            "number": self.number,
            "previous_hash": self.previous_hash,
            "hash": self.hash,
            "happened_at": fields.Datetime.to_string(entry.happened_at),
            "login": entry.user_login or "",
            "action": entry.action,
            "model": entry.res_model or "",
            "record": entry.record_name or "",
            "changes": entry.change_text or "",
            "content": entry._get_content(),
        }
