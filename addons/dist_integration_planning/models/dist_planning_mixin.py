from odoo import fields, models


class BulkMany2one(fields.Many2one):
    """A many2one without a foreign key: the database checks each one of each row by a query of its own, which takes
    several times as long as the row itself.

    What it leads to is there when the rows are made, by joining with it, and is kept as long as they are.
    """

    def update_db_foreign_key(self, model, column):
        """None."""


class SaidFloat(fields.Float):
    """A number that may be left out: it is empty then, where Odoo reads 0."""

    def convert_to_record(self, value, record):
        """:return: float; False where nothing was said"""
        return False if value is None else value

    def convert_to_export(self, value, record):
        """:return: float; an empty text where nothing was said"""
        return "" if value is False else super().convert_to_export(value, record)


class DistPlanningMixin(models.AbstractModel):
    """A row of a plan: what a version says about a product in a warehouse. Written in bulk, never by hand."""

    _name = "dist.planning.mixin"
    _description = "Row of a plan"
    _rec_name = "product_id"

    batch_id = BulkMany2one(
        "dist.planning.batch", string="Version", required=True, readonly=True, ondelete="cascade"
    )
    source_id = BulkMany2one("dist.planning.source", required=True, readonly=True, ondelete="cascade")
    company_id = BulkMany2one("res.company", required=True, readonly=True, ondelete="cascade")
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    warehouse_id = BulkMany2one("stock.warehouse", readonly=True, ondelete="cascade")
