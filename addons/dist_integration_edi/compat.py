"""Where Odoo's series differ in Python."""


def get_mail_builder(servers):
    """:return: method of ir.mail_server that makes a mail"""
    # both are called otherwise from 18.0 on
    return getattr(servers, "_build_email__", None) or servers.build_email


def get_mail_connector(servers):
    """:return: method of ir.mail_server that connects to one"""
    return getattr(servers, "_connect__", None) or servers.connect
