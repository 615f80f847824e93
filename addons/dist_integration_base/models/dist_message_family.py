from odoo import _, models
from odoo.exceptions import UserError

from .dist_message import OPEN


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
