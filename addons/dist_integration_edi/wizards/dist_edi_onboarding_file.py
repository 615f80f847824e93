import base64
import json

from odoo import _, api, fields, models

from ..lib.errors import EdiError
from ..lib.recognition import recognize


class DistEdiOnboardingFile(models.TransientModel):
    """A sample file, and what it was recognised as."""

    _name = "dist.edi.onboarding.file"
    _description = "Sample file of a trading partner"

    onboarding_id = fields.Many2one("dist.edi.onboarding", required=True, ondelete="cascade")
    name = fields.Char(required=True)
    content = fields.Binary(attachment=False)
    recognized = fields.Text(readonly=True)
    summary = fields.Char(string="Recognised as")
    problem = fields.Text(string="Why it cannot be used")
    warnings = fields.Text(string="Noticed")

    def _get_raw(self):
        self.ensure_one()
        return base64.b64decode(self.with_context(bin_size=False).content or b"")

    def _recognize(self):
        """Read these files; those of another partner than the first that can be read are set aside."""
        first = None
        for file in self:
            vals = file._prepare_reading()
            if vals.get("recognized"):
                found = [self._get_address(one) for one in json.loads(vals["recognized"])["interchanges"]]
                first = first or found[0]
                others = {address for address in found if address not in (first, _turn(first))}
                if others:
                    vals["problem"] = _(
                        "It is of other partners than the first file: %s. Take one partner at a time.",
                        "; ".join(sorted(map(_tell, others))),
                    )
            file.write(vals)

    def _prepare_reading(self):
        """:return: values of this file"""
        try:
            found = recognize(self._get_raw())
        except EdiError as error:
            return {"recognized": False, "summary": False, "problem": str(error), "warnings": False}
        details = dict.fromkeys(_describe(issue) for issue in found["issues"])
        return {
            "recognized": json.dumps(found),
            "summary": self._summarize(found),
            "problem": False if found["documents"] else _("There is no document in it."),
            "warnings": "\n".join(details) or False,
        }

    @api.model
    def _summarize(self, found):
        documents = ", ".join(
            f"{one['count']} x {one['code']} {one['version']}".strip() for one in found["documents"]
        )
        return f"{found['standard']}: {documents}"

    def _get_documents(self, address):
        """The documents of a file, which goes as its first interchange does.

        :param address: as of `_get_address`
        :return: list of dicts ``direction``, ``code``, ``association``, ``document``, ``count``
        """
        self.ensure_one()
        found = json.loads(self.recognized)
        sender = found["interchanges"][0]["sender"]
        return [
            {
                "direction": "out" if (sender["qualifier"], sender["id"]) == address[3:] else "in",
                "code": one["code"],
                "association": one["association"],
                "document": one["document"],
                "count": one["count"],
            }
            for one in found["documents"]
            if one["document"]
        ]

    # whose it is

    @api.model
    def _is_ours(self, interchange):
        """Whether an interchange is known as one that we send; the receiver is us where nobody knows."""
        return self._is_own(interchange["sender"]) and not self._is_own(interchange["receiver"])

    @api.model
    def _is_own(self, party):
        profiles = self.env["dist.edi.partner"].search([("own_identifier", "=", party["id"])])
        return any((profile.own_qualifier or "") == party["qualifier"] for profile in profiles)

    @api.model
    def _get_address(self, interchange):
        """:return: tuple of standard, qualifier and identifier of the partner, ours"""
        theirs, ours = interchange["sender"], interchange["receiver"]
        if self._is_ours(interchange):
            theirs, ours = ours, theirs
        return (interchange["standard"], theirs["qualifier"], theirs["id"], ours["qualifier"], ours["id"])

    @api.model
    def _find_profile(self, address):
        """:return: dist.edi.partner that has this address already"""
        standard, qualifier, identifier, own_qualifier, own_identifier = address
        profiles = self.env["dist.edi.partner"].search(
            [
                ("standard", "=", standard),
                ("identifier", "=", identifier),
                ("own_identifier", "=", own_identifier),
            ]
        )
        return profiles.filtered(
            lambda one: (one.qualifier or "", one.own_qualifier or "") == (qualifier, own_qualifier)
        )[:1]


def _turn(address):
    """:return: the address with its sides exchanged"""
    return (address[0], *address[3:], *address[1:3])


def _tell(address):
    standard, qualifier, identifier, own_qualifier, own_identifier = address
    sides = [
        ":".join(filter(None, side)) for side in ((qualifier, identifier), (own_qualifier, own_identifier))
    ]
    return f"{standard} {' - '.join(sides)}"


def _describe(issue):
    """:return: what is wrong and where, as of lib.errors.Issue.to_dict"""
    place = issue.get("position", {})
    tag = place.get("tag")
    return (
        f"{tag} ({place['segment']}): {issue['detail']}" if tag and place.get("segment") else issue["detail"]
    )
