"""Where Odoo's series differ in Python."""

from odoo.tools import SQL


def join_select(template, parts):
    """Join what `_read_group_select` returns to one expression.

    :param template: SQL with a placeholder for each part
    """
    # until 17.0 names of the fields that are read come with it
    if isinstance(parts[0], tuple):
        names = [name for _part, names in parts for name in names]
        return SQL(template, *(part for part, _names in parts)), names
    return SQL(template, *parts)
