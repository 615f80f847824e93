from odoo import fields, models


class DistChangeRequestLine(models.Model):
    """The old and the new value of one field, as a person reads them; a secret only by its fingerprint.

    Or a record that is part of what is changed, and is approved with it.
    """

    _name = "dist.change.request.line"
    _description = "Value of a change request"
    _order = "id"

    request_id = fields.Many2one("dist.change.request", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    name = fields.Char(string="Technical name", required=True)
    label = fields.Char(string="Field", required=True)
    old = fields.Text(string="Now")
    new = fields.Text(string="To be")
    is_part = fields.Boolean(readonly=True)
