"""What is called otherwise in 19.0."""

VIEW_TYPES = {
    "activity",
    "calendar",
    "form",
    "graph",
    "kanban",
    "list",
    "pivot",
    "qweb",
    "search",
    "tree",
}

# Strings that mean one thing only, wherever they stand.
STRINGS = {
    "stock.quant.package": "stock.package",
    "stock.view_quant_package_form": "stock.stock_package_view_form",
    "procurement.group": "stock.rule",
    "Product Unit of Measure": "Product Unit",
}

# Names that view inheritance is anchored on.
ANCHORS = {"move_ids_without_package": "move_ids"}

METHODS = {"create_returns": "action_create_returns"}

# Fields in literal values for a model: the new name, or None where it is gone.
FIELDS = {
    "sale.order.line": {"product_uom": "product_uom_id", "tax_id": "tax_ids"},
    "purchase.order.line": {"product_uom": "product_uom_id", "taxes_id": "tax_ids"},
    "stock.move": {"name": None},
    "product.product": {"uom_po_id": None},
    "product.template": {"uom_po_id": None},
    "res.partner": {"mobile": None, "title": None},
}

# The same for the lines given below one of these keys.
LINES = {
    "order_line": {
        "product_uom": "product_uom_id",
        "tax_id": "tax_ids",
        "taxes_id": "tax_ids",
    },
    "move_ids": {"name": None},
    "move_lines": {"name": None},
}


def view_types(value):
    """Return "list,form" for "tree,form"; None when `value` is no list of view types."""
    parts = value.split(",")
    if "tree" not in parts or any(part.strip() not in VIEW_TYPES for part in parts):
        return None
    return ",".join("list" if part == "tree" else part for part in parts)
