"""Where Odoo's series differ in Python."""

import configparser

from odoo.tools import config


def get_group_users(group):
    """:return: res.users of a group, those included that have it through another one"""
    # until 18.0 implied groups are written to the user
    return group["all_user_ids" if "all_user_ids" in group._fields else "users"]


def get_config_section(name):
    """Values of a section of the server's configuration file other than [options].

    :return: dict, empty when there is no such section
    """
    if hasattr(config, "misc"):
        return config.misc.get(name, {})
    # from 19.0 on Odoo only reads [options]
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(config["config"] or [])
    return dict(parser[name]) if parser.has_section(name) else {}


def to_insert_column(field, value, record):
    """:return: a field's value as a row of its table holds it"""
    # from 18.0 on what is inserted is converted by a method of its own
    convert = getattr(field, "convert_to_column_insert", field.convert_to_column)
    return convert(value, record)


def get_body_stream(httprequest):
    """:return: file-like body of a request, read as it arrives

    Odoo's own request only hands out the body as a whole.
    """
    return httprequest._HTTPRequest__wrapped.stream
