from odoo import fields, models


class DistEdiOnboardingOutcome(models.TransientModel):
    """What a document of the sample files would do here."""

    _name = "dist.edi.onboarding.outcome"
    _description = "Outcome of a tried document"
    _order = "sequence, id"

    onboarding_id = fields.Many2one("dist.edi.onboarding", required=True, ondelete="cascade")
    sequence = fields.Integer(readonly=True)
    file = fields.Char(readonly=True)
    code = fields.Char(string="Document", readonly=True)
    number = fields.Char(readonly=True)
    document = fields.Char(string="What it is", readonly=True)
    verdict = fields.Selection(
        [
            ("applied", "Would be taken"),
            ("waits", "Would wait for a person"),
            ("refused", "Would be refused"),
            ("acknowledgement", "Acknowledgement"),
            ("own", "Of ours"),
        ],
        string="Outcome",
        readonly=True,
    )
    detail = fields.Text(string="What would happen", readonly=True)
    content = fields.Html(sanitize=False, readonly=True)
