from odoo import fields, models


class DistReconciliationAccuracy(models.Model):
    """How many records of a class a run counted, and how many of them were within tolerance.

    Inventory record accuracy as of APICS: records are counted, never netted.
    """

    _name = "dist.reconciliation.accuracy"
    _description = "Accuracy"
    _order = "moment desc, class_code"
    _rec_name = "class_code"
    _log_access = False

    run_id = fields.Many2one(
        "dist.reconciliation", required=True, readonly=True, ondelete="cascade", index=True
    )
    profile_id = fields.Many2one("dist.reconciliation.profile", required=True, readonly=True, index=True)
    system_id = fields.Many2one("dist.system", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    moment = fields.Datetime(readonly=True)
    class_code = fields.Char(string="Class", readonly=True)
    place = fields.Char(readonly=True, help="Where the records are, as their keys name it.")
    counted = fields.Integer(readonly=True, string="Records counted")
    matched = fields.Integer(readonly=True, string="Equal")
    within = fields.Integer(readonly=True, string="Within tolerance", help="Equal ones included.")
    accuracy = fields.Float(readonly=True, string="Accuracy (%)", group_operator="avg", digits=(6, 2))
