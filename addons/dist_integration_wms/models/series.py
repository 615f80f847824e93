"""Where Odoo's series differ in Python, in one place."""

from odoo import release
from odoo.tools import SQL

# what ties a barcode to a quantity of a product: a packaging, from 18.1 on a unit
PACKAGING_MODEL = "product.packaging" if release.version_info[0] < 19 else "product.uom"


def get_packagings(product):
    """How a product is packed.

    :return: list of (name, how many of the product's unit, barcode or None)
    """
    if "packaging_ids" in product._fields:
        return [
            (packaging.name, packaging.qty, packaging.barcode or None) for packaging in product.packaging_ids
        ]
    barcodes = {line.uom_id: line.barcode for line in product.product_uom_ids}
    units = product.uom_ids | product.product_uom_ids.uom_id
    return [
        (unit.name, unit._compute_quantity(1.0, product.uom_id, round=False), barcodes.get(unit))
        for unit in units - product.uom_id
    ]


def get_stocked_condition(templates):
    """:return: SQL condition on ``template``, a row of product_template: quantities of it are kept in stock"""
    if "is_storable" in templates._fields:
        return SQL("template.is_storable IS TRUE")
    return SQL("template.type = 'product'")
