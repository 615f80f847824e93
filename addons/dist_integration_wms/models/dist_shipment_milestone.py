from odoo import api, fields, models

STATUSES = [
    ("announced", "Announced"),
    ("picked_up", "Picked up"),
    ("in_transit", "In transit"),
    ("customs", "In customs"),
    ("out_for_delivery", "Out for delivery"),
    ("delivery_attempted", "Delivery attempted"),
    ("to_collect", "To be collected"),
    ("delayed", "Delayed"),
    ("delivered", "Delivered"),
    ("damaged", "Damaged"),
    ("returned", "Returned to sender"),
    ("lost", "Lost"),
]
RANKS = {status: rank for rank, (status, _label) in enumerate(STATUSES)}
# the carrier has, or had, the goods
TAKEN_OVER = tuple(status for status in RANKS if status != "announced")
# nothing more is expected
FINAL = ("delivered", "returned")
# a person has to act
TROUBLE = ("damaged", "returned", "lost")
# codes of exceptions that a newer milestone settles
SETTLED = ["shipment_late", *(f"shipment_{status}" for status in TROUBLE)]


class DistShipmentMilestone(models.Model):
    """What a carrier said about a shipment; the history is kept, the newest moment counts."""

    _name = "dist.shipment.milestone"
    _description = "Shipment milestone"
    _order = "occurred_at desc, id desc"
    _rec_name = "status"

    system_id = fields.Many2one("dist.system", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    external_id = fields.Char(
        string="Number", required=True, readonly=True, help="The sender's own number of this milestone."
    )
    picking_ids = fields.Many2many(
        "stock.picking",
        "dist_shipment_milestone_picking_rel",
        "milestone_id",
        "picking_id",
        string="Deliveries",
        readonly=True,
    )
    delivery_names = fields.Char(
        compute="_compute_delivery_names",
        compute_sudo=True,
        string="Delivery numbers",
        help="For those who may not open them as well.",
    )
    is_waiting = fields.Boolean(
        string="Waits for its delivery", readonly=True, help="No delivery has this tracking number yet."
    )
    tracking_number = fields.Char(readonly=True, index="btree_not_null")
    status = fields.Selection(STATUSES, required=True, readonly=True)
    occurred_at = fields.Datetime(string="Happened", required=True, readonly=True, index=True)
    estimated_at = fields.Datetime(string="Delivery expected", readonly=True)
    location = fields.Char(string="Place", readonly=True)
    reason = fields.Char(readonly=True, help="The carrier's own code.")
    note = fields.Text(readonly=True)
    signed_by = fields.Char(string="Taken by", readonly=True)
    proof_ids = fields.One2many(
        "ir.attachment",
        "res_id",
        domain=[("res_model", "=", "dist.shipment.milestone")],
        string="Proof of delivery",
        readonly=True,
    )
    has_proof = fields.Boolean(readonly=True, string="With proof")
    message_id = fields.Many2one("dist.message", readonly=True, ondelete="set null")
    digest = fields.Char(required=True, readonly=True)

    _sql_constraints = [
        (
            "external_uniq",
            "unique(system_id, external_id)",
            "This milestone was reported already.",
        ),
    ]

    @api.depends("picking_ids.name")
    def _compute_delivery_names(self):
        for milestone in self:
            milestone.delivery_names = ", ".join(milestone.picking_ids.mapped("name"))

    @api.model
    def _find(self, system, external_id):
        """:return: the milestone that was kept under a number of the sender; empty when there is none"""
        return self.sudo().search([("system_id", "=", system.id), ("external_id", "=", external_id)])

    def _sorted_by_age(self):
        """:return: these milestones, the newest last; of the same moment the one that is further"""
        return self.sorted(lambda milestone: (milestone.occurred_at, RANKS[milestone.status], milestone.id))

    def _attach_to(self, pickings):
        """Tell which deliveries this milestone is about."""
        self.write({"picking_ids": [(4, picking.id) for picking in pickings], "is_waiting": False})
        pickings._dist_note_milestones()
        self.env["dist.exception"]._close_for_record(self, ["milestone_unmatched"])

    def _adopt(self):
        """Look again for the deliveries of milestones that came before their tracking numbers."""
        handler = self.env["dist.handler.shipment.milestone"]
        for milestone in self:
            pickings = handler._find_by_tracking(
                milestone.system_id, milestone.company_id, milestone.tracking_number
            )
            if pickings:
                milestone._attach_to(pickings)
                milestone._open_trouble(pickings)

    def _open_trouble(self, pickings):
        """Tell a person what a milestone that found its delivery late says."""
        for spec in self.env["dist.handler.shipment.milestone"]._prepare_trouble(self, pickings):
            self.env["dist.exception"]._open_without_message(spec, self.company_id, system=self.system_id)
