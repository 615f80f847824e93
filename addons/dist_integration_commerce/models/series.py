"""Names that differ between Odoo's series, in one place."""

LINE_UNIT = "product_uom"  # 19: s/product_uom/product_uom_id/
LINE_TAXES = "tax_id"  # 19: s/tax_id/tax_ids/
