"""Mail: a document leaves as the attachment of a mail, by one of Odoo's own mail servers."""

import smtplib
from dataclasses import dataclass, field

from odoo import SUPERUSER_ID, api, tools
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_mail_server import MailDeliveryException
from odoo.addons.dist_integration_base.lib.errors import ConfigurationError, ConnectError, InvalidUrl, Refused
from odoo.addons.dist_integration_base.lib.transports import Result, Session, base

from ..compat import get_mail_builder, get_mail_connector


def check_address(text):
    """:raises InvalidUrl: it is no mail address"""
    if not tools.single_email_re.match(text):
        raise InvalidUrl(f"{text} is no mail address.")


@dataclass(frozen=True)
class MailSettings:
    """
    :ivar registry: of the database that knows the mail servers
    :ivar server_id: id of ir.mail_server; False for the one that Odoo chooses
    :ivar subject: template, as file_name
    :ivar host: behind the @ of Message-IDs
    """

    registry: object = field(repr=False)
    server_id: int | bool
    sender: str
    recipient: str
    subject: str
    file_name: str
    host: str

    def open(self):
        """Return a session that sends mails."""
        return MailSession(self)


class MailSession(Session):
    """Sends mails. A mail has the same Message-ID and the same attachment at every attempt."""

    def _send(self, outgoing):
        settings = self.settings
        attachment = base.fill(settings.file_name, outgoing.names)
        with self._servers() as servers:
            mail = get_mail_builder(servers)(
                email_from=settings.sender,
                email_to=[settings.recipient],
                subject=base.fill(settings.subject, outgoing.names),
                body=attachment,
                attachments=[(attachment, outgoing.body, outgoing.content_type)],
                message_id=f"<{outgoing.uuid}@{settings.host}>",
            )
            self._translate(lambda: servers.send_email(mail, mail_server_id=settings.server_id or None))
        return Result("success")

    def check(self):
        with self._servers() as servers:
            server_id = self.settings.server_id or None
            connection = self._translate(
                lambda: get_mail_connector(servers)(mail_server_id=server_id, smtp_from=self.settings.sender)
            )
            if connection:
                connection.quit()
        return "the mail server answers"

    def _servers(self):
        return _MailServers(self.settings.registry)

    def _translate(self, work):
        """Run work; what a mail server says becomes an error of the framework.

        :raises DeliveryError: the mail did not leave
        """
        try:
            return work()
        except (MailDeliveryException, OSError, AssertionError) as error:
            raise _to_delivery_error(error) from error
        except UserError as error:
            raise ConfigurationError(str(error.args[0])) from error


def _to_delivery_error(error):
    """:return: DeliveryError; what a server refuses for good is not tried again"""
    cause = error.__context__ if isinstance(error, MailDeliveryException) else error
    detail = " ".join(str(error.args[-1]).split())[:500]
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in cause.recipients.values()]
        return Refused(detail, code="mail_refused", retryable=any(code < 500 for code in codes))
    if isinstance(cause, smtplib.SMTPResponseException):
        return Refused(detail, code="mail_refused", retryable=cause.smtp_code < 500)
    if isinstance(cause, AssertionError):
        return Refused(detail, code="mail_refused", retryable=False)
    return ConnectError(detail)


class _MailServers:
    """Odoo's mail servers, in a transaction of their own: a lane holds none while it sends."""

    def __init__(self, registry):
        self._cursor = registry.cursor()

    def __enter__(self):
        return api.Environment(self._cursor.__enter__(), SUPERUSER_ID, {})["ir.mail_server"]

    def __exit__(self, *exc_info):
        return self._cursor.__exit__(*exc_info)
