import json

from odoo import api, fields, models

from ..lib.problem import Problem
from .dist_message import OPEN

OPERATIONS = "/dist/v1/operations/"
STATUSES = {
    "pending": "in_progress",
    "retry": "in_progress",
    "error": "waiting",
    "done": "succeeded",
    "dead": "failed",
    "cancelled": "cancelled",
}


class DistMessage(models.Model):
    """What the sender of a message is told, at once or when it asks later."""

    _inherit = "dist.message"

    @api.model
    def _release_to_inbox(self, message_id):
        """Hand a stored message to the inbox job."""

        def release(env):
            message = env["dist.message"].browse(message_id)
            if message.state not in ("pending", "retry"):
                return
            now = fields.Datetime.now()
            (message | message.child_ids).write({"next_attempt_at": now})
            env["dist.message"]._schedule_inbox(message.criticality)

        self._in_own_transaction(release)

    def _hand_to_inbox(self):
        """Have the inbox jobs process these messages again, after this transaction."""
        messages = self.sudo()
        messages.write({"state": "retry", "next_attempt_at": fields.Datetime.now()})
        for criticality in set(messages.mapped("criticality")):
            messages._schedule_inbox(criticality)

    @api.model
    def _process_waiting(self, message_id):
        """Process a message unless it has been."""
        state = self._in_own_transaction(lambda env: env["dist.message"].browse(message_id).state)
        if state in ("pending", "retry"):
            self._process([message_id])

    @api.model
    def _get_reply(self, message_id):
        """:return: dict with ``status``, ``document``, ``uuid`` and ``operation`` (path to poll, or None)"""
        return self._in_own_transaction(lambda env: env["dist.message"].browse(message_id)._prepare_reply())

    def _prepare_reply(self):
        self.ensure_one()
        final = self._get_final()
        operation = OPERATIONS + self.uuid
        reply = {"uuid": self.uuid, "operation": None}
        if final.purged_at:
            problem = Problem(
                410, "answer_purged", detail="The message was processed; its answer is no longer kept."
            )
            return {**reply, "status": 410, "document": problem.to_dict()}
        progress = final._get_progress()
        if progress:
            return {**reply, **final._get_progress_reply(progress, operation)}
        if final.state in ("done", "dead") and final.answer:
            return {**reply, "status": final.answer_status, "document": json.loads(final.answer)}
        if final.child_ids:
            finished = final.state in ("done", "cancelled")
            return {
                **reply,
                "status": 200 if finished else 202,
                "document": final._get_bulk_document(),
                "operation": None if finished else operation,
            }
        if final.state == "dead":
            problem = Problem(
                422, final.error_code or "processing_failed", detail="The message could not be processed."
            )
            return {**reply, "status": 422, "document": problem.to_dict()}
        if final.state == "cancelled":
            problem = Problem(409, "cancelled", detail="The message was cancelled by the receiver.")
            return {**reply, "status": 409, "document": problem.to_dict()}
        return {
            **reply,
            "status": 202,
            "document": final._get_waiting_document(operation),
            "operation": operation,
        }

    def _get_progress(self):
        """:return: Progress of what the applied message has started; None when there is no such thing"""
        if self.state != "done" or self.direction != "in" or self.parent_id:
            return None
        return self._get_handler()._get_progress(self)

    def _get_progress_reply(self, progress, operation):
        """:return: dict of what differs from any other reply"""
        if progress.status == "succeeded":
            return {"status": 200, "document": progress.document}
        if progress.status in ("failed", "cancelled"):
            status = 422 if progress.status == "failed" else 409
            problem = Problem(status, progress.code or progress.status, detail=progress.document or "")
            return {"status": status, "document": problem.to_dict()}
        document = {
            "status": "accepted_for_processing" if progress.status == "in_progress" else "held",
            "message_id": self.uuid,
            "operation": operation,
        }
        return {"status": 202, "document": document, "operation": operation}

    def _get_final(self):
        """:return: the message itself; where it was corrected, which of its family has its effect, else the newest that
        still may
        """
        if self.state not in ("error", "dead", "cancelled") or not (self.correction_ids or self.original_id):
            return self
        family = self._get_family().sorted("id")
        done = family.filtered(lambda message: message.state == "done")
        return done[-1:] or family.filtered(lambda message: message.state in OPEN)[-1:] or self

    def _get_waiting_document(self, operation):
        answer = json.loads(self.answer) if self.answer else {}
        return {
            "status": answer.get("status", "accepted_for_processing"),
            "message_id": self.uuid,
            "operation": operation,
            **({"reasons": answer["reasons"]} if "reasons" in answer else {}),
        }

    def _get_bulk_document(self):
        # the corrections of an item are items too: what became of it is told once
        items = self.child_ids.filtered(lambda item: not item.original_id)
        return {
            "message_id": self.uuid,
            "items": [item._get_item_document() for item in items.sorted("item_index")],
        }

    def _get_item_document(self):
        reply = self._prepare_reply()
        return {
            "index": self.item_index,
            "message_id": self.uuid,
            "status": reply["status"],
            "answer" if reply["status"] < 400 else "problem": reply["document"],
        }

    def _get_operation_document(self):
        """:return: dict that tells a poller how far its message is"""
        self.ensure_one()
        final = self._get_final()
        reply = self._prepare_reply()
        document = {
            "message_id": self.uuid,
            "type": self.message_type_id.code,
            "status": STATUSES[final.state],
            "received_at": fields.Datetime.to_string(self.received_at).replace(" ", "T") + "Z",
            "http_status": reply["status"],
        }
        if final.business_key:
            document["document"] = final.business_key
        progress = final._get_progress()
        if progress:
            document["status"] = progress.status
            document["progress"] = {"percent": round(progress.percent, 1), "stage": progress.stage}
        document["problem" if reply["status"] >= 400 else "answer"] = reply["document"]
        return document
