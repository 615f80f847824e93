from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..compat import get_config_section
from ..lib import cloudevents
from ..lib.errors import IntegrationError
from ..lib.oauth import ClientCredentials
from ..lib.transport import split_url
from ..lib.transports import (
    AmqpSettings,
    FolderSettings,
    HttpSettings,
    KafkaSettings,
    Places,
    SftpSettings,
    base,
)
from ..lib.transports.amqp import split_amqp_url
from ..lib.transports.files import check_folder, check_places, check_template
from ..lib.transports.http import check_expression
from ..lib.transports.kafka import split_servers
from ..lib.transports.sftp import fetch_host_key, fingerprint, split_sftp_url

DRIVERS = {
    "amqp": ("pika", "pika", "RabbitMQ"),
    "kafka": ("confluent_kafka", "confluent-kafka", "Kafka"),
    "sftp": ("paramiko", "paramiko", "SFTP"),
}
ADDRESS_CHECKS = {
    "http": split_url,
    "amqp": split_amqp_url,
    "kafka": split_servers,
    "sftp": split_sftp_url,
    "folder": check_folder,
}
TEMPLATE_NAMES = dict.fromkeys(("id", "type", "version", "key", "date", "sequence", "system", "company"), "x")
FILES = ("sftp", "folder")
BROKERS = ("amqp", "kafka")


class DistEndpoint(models.Model):
    """How an endpoint is reached: what each transport asks for, as settings of `lib.transports`."""

    _inherit = "dist.endpoint"

    purpose = fields.Selection(
        [("send", "Odoo sends to it"), ("receive", "Odoo fetches from it")],
        required=True,
        default="send",
        tracking=True,
    )
    content = fields.Selection(
        [
            ("envelope", "Standard Webhooks envelope"),
            ("cloudevents", "CloudEvents 1.0 (structured)"),
            ("data", "Only the document"),
        ],
        string="Format",
        required=True,
        default="envelope",
        help="How a message is written. Brokers always get CloudEvents in binary mode.",
    )
    event_prefix = fields.Char(
        string="Prefix of event types",
        help="Reverse domain name in front of the CloudEvents type, such as com.example.",
    )
    ca_bundle = fields.Text(
        string="Trusted authorities",
        help="Certificates (PEM) to trust instead of the system's. Certificates are always verified.",
        tracking=True,
    )
    certificate_id = fields.Many2one(
        "dist.credential",
        string="Client certificate",
        check_company=True,
        domain="[('system_id', '=', system_id), ('kind', '=', 'certificate')]",
        help="Shown to the partner (mutual TLS).",
    )
    oauth_token_url = fields.Char(string="Token address", tracking=True)
    oauth_scope = fields.Char(string="Scope")
    amqp_exchange = fields.Char(string="Exchange", help="Empty: the default exchange.")
    amqp_queue = fields.Char(string="Queue")
    routing_key = fields.Char(
        default="{type}",
        help="May hold {type}, {version}, {key}, {date}, {sequence}, {system}, {company} and {id}.",
    )
    kafka_topic = fields.Char(string="Topic", default="{type}")
    kafka_tls = fields.Boolean(string="Encrypted (TLS)", default=True)
    kafka_mechanism = fields.Selection(
        [("PLAIN", "PLAIN"), ("SCRAM-SHA-256", "SCRAM-SHA-256"), ("SCRAM-SHA-512", "SCRAM-SHA-512")],
        string="SASL mechanism",
        default="SCRAM-SHA-512",
    )
    file_name = fields.Char(
        string="File name",
        default="{type}-{id}.json",
        help="Holds {id}, so that no file replaces another; may hold {type}, {version}, {key}, {date}, {sequence}, "
        "{system} and {company}.",
    )
    host_key = fields.Char(
        help="The approved public key of the SFTP server, such as ssh-ed25519 AAAA... "
        "A server that shows another one is refused.",
        tracking=True,
    )
    host_key_fingerprint = fields.Char(compute="_compute_host_key_fingerprint", string="Fingerprint")
    missing_driver = fields.Char(compute="_compute_missing_driver", string="Driver is missing")

    @api.depends("host_key")
    def _compute_host_key_fingerprint(self):
        for endpoint in self:
            try:
                endpoint.host_key_fingerprint = endpoint.host_key and fingerprint(endpoint.host_key)
            except IntegrationError:
                endpoint.host_key_fingerprint = False

    @api.depends("transport")
    def _compute_missing_driver(self):
        for endpoint in self:
            try:
                endpoint.missing_driver = False
                if endpoint.transport in DRIVERS:
                    base.load_driver(*DRIVERS[endpoint.transport])
            except IntegrationError as error:
                endpoint.missing_driver = error.detail

    # checks

    @api.constrains("transport", "url", "oauth_token_url")
    def _check_url(self):
        for endpoint in self.filtered("url"):
            endpoint._check_with(self._get_address_checks()[endpoint.transport], endpoint.url)
            if endpoint.oauth_token_url:
                endpoint._check_with(split_url, endpoint.oauth_token_url)

    @api.model
    def _get_address_checks(self):
        """:return: dict, transport to what an address of it is checked by; raises IntegrationError"""
        return ADDRESS_CHECKS

    @api.constrains("transport", "file_name", "routing_key", "kafka_topic", "purpose")
    def _check_templates(self):
        for endpoint in self.filtered(lambda endpoint: endpoint.purpose == "send"):
            if endpoint.transport in FILES:
                endpoint._check_with(check_template, endpoint.file_name or "")
            template = {
                "amqp": endpoint.routing_key,
                "kafka": endpoint.kafka_topic,
                "sftp": endpoint.file_name,
                "folder": endpoint.file_name,
            }.get(endpoint.transport)
            endpoint._check_with(lambda text: base.fill(text, TEMPLATE_NAMES), template or "")
            if endpoint.transport == "kafka" and not template:
                raise ValidationError(_("Name the topic that messages go to."))

    @api.constrains("host_key")
    def _check_host_key(self):
        for endpoint in self.filtered("host_key"):
            endpoint._check_with(fingerprint, endpoint.host_key)

    @api.constrains("auth_type", "oauth_token_url", "transport")
    def _check_oauth(self):
        for endpoint in self:
            if (
                endpoint.transport == "http"
                and endpoint.auth_type == "oauth2"
                and not endpoint.oauth_token_url
            ):
                raise ValidationError(_("OAuth 2.0 needs the address that gives tokens."))

    @api.constrains("ca_bundle", "certificate_id")
    def _check_certificate(self):
        for endpoint in self:
            if endpoint.certificate_id and endpoint.certificate_id.kind != "certificate":
                raise ValidationError(_("%s is no certificate.", endpoint.certificate_id.display_name))
            if endpoint.ca_bundle and "-----BEGIN CERTIFICATE-----" not in endpoint.ca_bundle:
                raise ValidationError(_("Trusted authorities are certificates in PEM."))

    @api.constrains("transport", "purpose", "feed_items", "feed_id", "feed_next", "amqp_queue", "client_id")
    def _check_source(self):
        for endpoint in self.filtered(lambda endpoint: endpoint.purpose == "receive"):
            if endpoint.transport == "kafka":
                raise ValidationError(_("Odoo does not fetch from Kafka; use a queue of RabbitMQ."))
            if endpoint.transport == "amqp" and not endpoint.amqp_queue:
                raise ValidationError(_("Name the queue that messages are fetched from."))
            if not endpoint.client_id:
                raise ValidationError(
                    _("Choose the API client in whose name %s is fetched.", endpoint.display_name)
                )
            for expression in filter(None, (endpoint.feed_items, endpoint.feed_id, endpoint.feed_next)):
                endpoint._check_with(check_expression, expression)

    @api.constrains("transport", "purpose", "archive_folder", "error_folder")
    def _check_places(self):
        for endpoint in self.filtered(lambda endpoint: endpoint.purpose == "receive"):
            endpoint._check_with(check_places, endpoint.archive_folder or "", endpoint.error_folder or "")

    def _check_with(self, check, *values):
        try:
            check(*values)
        except IntegrationError as error:
            raise ValidationError(
                _("%(endpoint)s: %(reason)s", endpoint=self.display_name, reason=error.detail)
            ) from error

    # settings

    def _is_broker(self):
        return self.transport in BROKERS

    def _get_transport_settings(self):
        """:return: settings of this endpoint's transport (`lib.transports`), secrets included
        :raises UserError: a secret is missing or cannot be opened
        """
        self.ensure_one()
        return getattr(self.sudo(), f"_prepare_{self.transport}_settings")()

    def _prepare_network_settings(self):
        return {"timeout": self.timeout, "networks": self._get_allowed_networks()}

    def _prepare_tls_settings(self):
        certificate = self.certificate_id
        return {
            "verify": self.ca_bundle or True,
            "certificate": certificate._get_secret() if certificate else None,
        }

    def _prepare_login(self):
        """:return: dict with ``username`` and ``password``, empty without a credential"""
        credential = self.credential_id
        if not credential:
            return {}
        return {"username": credential.username or "", "password": credential._get_secret()}

    def _prepare_http_settings(self):
        signing = self.signing_credential_id
        return HttpSettings(
            url=self.url,
            headers=self._get_auth_headers(),
            secrets=signing._get_secrets() if signing else [],
            oauth=self._prepare_oauth() if self.auth_type == "oauth2" else None,
            max_bytes=self._get_max_bytes(),
            items=self.feed_items or "",
            item_id=self.feed_id or "",
            next=self.feed_next or "",
            cursor_parameter=self.feed_cursor_parameter or "cursor",
            **self._prepare_network_settings(),
            **self._prepare_tls_settings(),
        )

    def _prepare_oauth(self):
        credential = self.credential_id
        return ClientCredentials(
            token_url=self.oauth_token_url,
            client_id=credential.username or "",
            client_secret=credential._get_secret(),
            scope=self.oauth_scope or "",
        )

    def _prepare_amqp_settings(self):
        return AmqpSettings(
            url=self.url,
            exchange=self.amqp_exchange or "",
            routing_key=self.routing_key or "",
            queue=self.amqp_queue or "",
            **self._prepare_login(),
            **self._prepare_network_settings(),
            **self._prepare_tls_settings(),
        )

    def _prepare_kafka_settings(self):
        return KafkaSettings(
            servers=self.url,
            topic=self.kafka_topic,
            tls=self.kafka_tls,
            mechanism=self.kafka_mechanism,
            **self._prepare_login(),
            **self._prepare_network_settings(),
            **self._prepare_tls_settings(),
        )

    def _prepare_sftp_settings(self):
        login = self._prepare_login()
        if self.credential_id.kind == "ssh_key":
            login["private_key"] = login.pop("password")
        return SftpSettings(
            url=self.url,
            host_key=self.host_key or "",
            places=self._prepare_places(),
            **login,
            **self._prepare_network_settings(),
        )

    def _prepare_folder_settings(self):
        base_path = get_config_section("dist_integration").get("folder_base", "")
        return FolderSettings(base=base_path, directory=self.url, places=self._prepare_places())

    def _prepare_places(self):
        return Places(
            file_name=self.file_name or "",
            archive=self.archive_folder,
            error=self.error_folder,
            max_bytes=self._get_max_bytes(),
            quiet_seconds=self.quiet_seconds,
        )

    def _get_event_attributes(self, message, envelope):
        """:return: dict, a message's attributes as a CloudEvent"""
        host = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "").rstrip("/")
        return cloudevents.make_attributes(
            envelope,
            source=f"{host}/odoo/{self.env.cr.dbname}/{message.company_id.id}",
            prefix=self.event_prefix or "",
            partitionkey=message.ordering_key or "",
            traceparent=message.traceparent or "",
        )

    # screen

    def action_fetch_host_key(self):
        """Ask the server for its host key and show it for approval."""
        self.ensure_one()
        self.check_access_rights("write")
        self.check_access_rule("write")
        if not self.url:
            raise UserError(_("The endpoint has no address."))
        try:
            shown = fetch_host_key(self._get_transport_settings())
        except IntegrationError as error:
            raise UserError(error.detail) from error
        return self.env["dist.host.key"]._show(self, shown)
