from odoo import _, models
from odoo.exceptions import UserError

from .dist_message import OPEN

FAILED = ("error", "dead")


class DistMessage(models.Model):
    """A message and its corrections are one family: at most one of them has its effect."""

    _inherit = "dist.message"

    def _get_family(self):
        """:return: these messages, with all that they correct and that correct them"""
        family = self.sudo()
        while found := (family.original_id | family.correction_ids) - family:
            family |= found
        return self.browse(family.ids)

    def _get_superseded(self):
        """:return: those of these inbound messages whose place a newer correction takes that is still open"""
        inbound = self.sudo().filtered(lambda message: message.direction == "in")
        newest = {}
        for message in inbound._get_family().filtered(lambda message: message.state in OPEN):
            first = message._get_first()
            newest[first] = max(newest.get(first, 0), message.id)
        superseded = inbound.filtered(lambda message: newest.get(message._get_first(), 0) > message.id)
        return self.browse(superseded.ids)

    def _get_triable(self):
        """:return: those of these messages that are tried again, the others are left to their corrections
        :raises UserError: there is none left
        """
        superseded = self._get_superseded()
        if superseded and superseded == self:
            raise UserError(
                _(
                    "%(original)s was corrected: message %(correction)s takes its place. Retry or cancel that one.",
                    original=superseded[0].uuid,
                    correction=superseded[0]._get_newest_open().uuid,
                )
            )
        return self - superseded

    def _get_newest_open(self):
        """:return: the newest open message of the family of this one"""
        return self.sudo()._get_family().filtered(lambda message: message.state in OPEN).sorted("id")[-1:]

    def _cancel_families(self, reason):
        """Cancel these messages with whatever is open of their families; what is done stays, and settles the others.

        :param reason: why, kept with the name of the user
        """
        self._check_may_act()
        # who may give up a message may give up its corrections, whoever works on their exceptions
        family = self.sudo()._get_family()
        for done in family.filtered(lambda message: message.state == "done"):
            done._settle_replaced()
        family.filtered(lambda message: message.state in OPEN).action_cancel(reason)

    def _touch(self):
        """Whoever locks or touches these messages too waits, and begins again with what this transaction wrote."""
        self.env.cr.execute("UPDATE dist_message SET state = state WHERE id IN %s", (tuple(self.ids),))

    def _lock_effective(self):
        """Nobody corrects these messages, nor applies what is of their family, until the transaction ends.

        What a person corrected meanwhile is left to its correction; what another of the family took the place of is
        settled.

        :return: those of these messages that are to be applied
        """
        # what is tried for the first time has not failed, and nobody corrects what did not fail
        related = self.filtered(
            lambda message: message.original_id or message.attempt_count or message.state in FAILED
        )
        if not related:
            return self
        firsts = self.browse({message._get_first().id for message in related})
        firsts._touch()
        done = related._get_family().filtered(lambda message: message.state == "done")
        for message in done:
            message._settle_replaced()
        settled = related.filtered(lambda message: message.state == "cancelled")
        superseded = (related - settled)._get_superseded()
        # what would go by itself waits for a person, as its correction does
        superseded.filtered(lambda message: message.state not in FAILED).write({"state": "error"})
        self.env.flush_all()
        return self - settled - superseded

    def _check_tried(self):
        """:raises UserError: the only one of these messages was not tried, because somebody else was faster"""
        if len(self) != 1:
            return
        message_id = self.id

        def was_settled(env):
            message = env["dist.message"].browse(message_id)
            return message.state == "cancelled" or bool(message._get_superseded())

        if self._in_own_transaction(was_settled):
            raise UserError(_("This message was settled in between."))
