"""Names that differ between Odoo's series, in one place."""

PURCHASE_UNIT = "product_uom"  # 19: s/product_uom/product_uom_id/
PURCHASE_TAXES = "taxes_id"  # 19: s/taxes_id/tax_ids/
