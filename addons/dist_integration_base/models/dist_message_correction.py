from odoo import _, fields, models
from odoo.exceptions import UserError

from ..lib.identifiers import new_id
from .dist_message import OPEN

COPIED = (
    "direction", "flow_id", "system_id", "endpoint_id", "client_id", "company_id", "message_type_id",
    "version_id", "criticality", "event_id", "parent_id", "item_index", "trace_id", "traceparent",
    "res_model", "res_id", "ordering_key", "lane", "stage",
)  # fmt: skip
# what is in one of these has its effect, or may have it any moment
EFFECTIVE = ("pending", "retry", "done")


class DistMessage(models.Model):
    """Correct and resubmit: a new message takes the place of one that failed."""

    _inherit = "dist.message"

    def _prepare_correction(self, payload):
        source = self.read(COPIED, load=None)[0]
        now = fields.Datetime.now()
        return {
            # a message without a document has none, which is not the same as document 0
            **{name: source[name] for name in COPIED if source[name] or name in ("item_index", "lane")},
            "uuid": new_id("msg"),
            "state": "pending",
            "original_id": self.id,
            "payload": payload,
            "received_at": now,
            "next_attempt_at": now,
            "idempotency_key": f"correction {new_id('cor')}",
        }

    def _resubmit(self, payload):
        """Submit other content in place of this message; processed or delivered at once.

        :param payload: JSON text
        :return: id of the new message
        :raises UserError: the message was settled in between
        """
        self.ensure_one()
        message_id, user_id = self.id, self.env.uid

        def store(env):
            original = env["dist.message"].browse(message_id)
            original._lock_to_correct()
            if original.direction == "out" and original._get_overtaken():
                raise UserError(
                    _(
                        "Later messages were delivered, and the document no longer calls for this one: use Retry, "
                        "which settles it, or Cancel."
                    )
                )
            correction = (
                env["dist.message"].with_user(user_id).sudo().create(original._prepare_correction(payload))
            )
            env["dist.audit.entry"]._add(
                "corrected", original, user_id=user_id, reason=_("As message %s", correction.uuid)
            )
            if original.direction == "out":
                original._settle_as_corrected(correction)
                correction._wake_endpoints(correction.endpoint_id)
            else:
                correction.exception_id = original.exception_id
                correction.further_exception_ids = original.further_exception_ids
            return correction.id

        correction_id = self._in_own_transaction(store)
        self._get_exceptions()._note_action("corrected")
        if self.direction == "in":
            self._process([correction_id])
        return correction_id

    def _lock_to_correct(self):
        """Nobody else processes, corrects or cancels this message until the transaction ends.

        :raises UserError: somebody was faster
        """
        self.ensure_one()
        self._get_first()._touch()
        # who cancels it at the same time has to see the correction: locking it is not enough for that
        self._touch()
        others = self._get_family() - self
        if self.state not in ("error", "dead") or others.filtered(lambda message: message.state in EFFECTIVE):
            raise UserError(_("This message was settled in between."))

    def _check_not_corrected(self, cancelled):
        """Nobody can correct these messages until the transaction ends.

        :param cancelled: dist.message that are cancelled together with these
        :raises UserError: a correction of one is under way or done
        """
        if not self:
            return
        self.env.cr.execute(
            "SELECT id FROM dist_message WHERE id IN %s ORDER BY id FOR UPDATE", (tuple(self.ids),)
        )
        self.invalidate_recordset(["correction_ids"])
        corrections = self.sudo().correction_ids - cancelled.sudo()
        effective = corrections.filtered(lambda message: message.state != "cancelled")
        if effective:
            raise UserError(
                _(
                    "%(original)s was corrected: message %(correction)s takes its place. Cancel that one first, if it "
                    "is not done.",
                    original=effective[0].original_id.uuid,
                    correction=effective[0].uuid,
                )
            )

    def _get_replaced(self):
        """:return: messages whose place this one takes: what it corrects in the end, and all corrections of that"""
        if not self.original_id and not self.exception_id:
            # nobody corrects what did not fail
            return self.browse()
        return self._get_family() - self

    def _settle_replaced(self):
        """Settle what is open of the messages whose place this one took."""
        replaced = self._get_replaced().filtered(lambda message: message.state in OPEN)
        if replaced:
            replaced._settle_as_corrected(self)

    def _settle_as_corrected(self, correction):
        """The correction takes over: what it replaces is cancelled in the name of who corrected it."""
        reason = _("Replaced by the corrected message %s", correction.uuid)
        self._settle_as_cancelled(reason, correction.create_uid.id)
        self.env["dist.exception"]._refresh(self._get_exceptions())
