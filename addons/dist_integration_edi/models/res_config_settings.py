from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    dist_gs1_prefix = fields.Char(related="company_id.dist_gs1_prefix", readonly=False)
