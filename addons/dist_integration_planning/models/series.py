"""Where Odoo's series differ, in one place."""

from odoo.exceptions import UserError
from odoo.tools import SQL


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


def get_cost(env, company, product):
    """:param product: SQL of a product's id
    :return: SQL of what a product costs in a company, 0 when nobody said
    """
    if "ir.property" in env:
        return SQL(
            """COALESCE((
                SELECT value_float FROM ir_property
                WHERE name = 'standard_price' AND company_id = %s AND res_id = 'product.product,' || %s), 0)""",
            company.id,
            product,
        )
    # from 18.0 on values by company stand in the record
    return SQL(
        """COALESCE((
            SELECT (standard_price ->> %s)::float FROM product_product WHERE id = %s), 0)""",
        str(company.id),
        product,
    )


def get_purchase_unit(env, line, template):
    """:param line: alias of product_supplierinfo; :param template: alias of product_template
    :return: SQL of the unit that a supplier's price and quantities are in
    """
    if "uom_po_id" in env["product.template"]._fields:
        return SQL.identifier(template, "uom_po_id")
    return SQL("COALESCE(%s, %s)", SQL.identifier(line, "product_uom_id"), SQL.identifier(template, "uom_id"))


def get_reference_unit(unit):
    """:return: uom.uom that the units of a kind are reckoned by"""
    if "category_id" in unit._fields:
        return unit.category_id.uom_ids.filtered(lambda other: other.uom_type == "reference")[:1] or unit
    while unit.relative_uom_id:
        unit = unit.relative_uom_id
    return unit


def counts_pieces(unit):
    """:return: True for pieces and what is counted in them, such as dozens"""
    return get_reference_unit(unit) == unit.env.ref("uom.product_uom_unit")


def leaves_for_customer(env, move, target):
    """Whether a move is the one that brings goods to a customer, or the last one so far of those that will.

    :param move: alias of stock_move
    :param target: alias of the location it goes to
    :return: SQL condition
    """
    reached = SQL("%s = 'customer'", SQL.identifier(target, "usage"))
    if "location_final_id" not in env["stock.move"]._fields:
        return reached
    # from 18.0 on the next step is only made when this one is done
    return SQL(
        """(%s OR %s <> 'done' AND NOT EXISTS (
                SELECT FROM stock_move_move_rel WHERE move_orig_id = %s)
            AND EXISTS (
                SELECT FROM stock_location AS final WHERE final.id = %s AND final.usage = 'customer'))""",
        reached,
        SQL.identifier(move, "state"),
        SQL.identifier(move, "id"),
        SQL.identifier(move, "location_final_id"),
    )
