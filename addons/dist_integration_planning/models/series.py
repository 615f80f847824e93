"""Where Odoo's series differ in Python, in one place."""

from odoo.exceptions import UserError


def is_same_kind(unit, other):
    """:return: True when a quantity of a unit can be told in the other: pieces and dozens, but not pieces and litres"""
    if hasattr(unit, "_has_common_reference"):  # from 19.0 on
        return unit._has_common_reference(other)
    try:
        unit._compute_quantity(1.0, other)
    except UserError:
        return False
    return True


def get_seller_unit(seller):
    """:return: uom.uom in which a vendor's price and minimum are told"""
    return seller["product_uom" if "product_uom" in seller._fields else "product_uom_id"]


def get_unit_field(lines):
    """:return: name of the field of lines of documents that says their unit"""
    return "product_uom_id" if "product_uom_id" in lines._fields else "product_uom"
