import hashlib
import hmac
import os

from odoo import _, api, models
from odoo.exceptions import UserError

from ..compat import get_config_section
from ..lib.crypto import KeyRing
from ..lib.errors import IntegrationError


class DistKeyring(models.AbstractModel):
    """Encryption with keys of the configuration file or the environment, never of the database."""

    _name = "dist.keyring"
    _description = "Encryption keys"

    @api.model
    def _get_keys(self):
        """:return: list of Fernet keys, newest first"""
        text = os.environ.get("DIST_INTEGRATION_ENCRYPTION_KEYS")
        if not text:
            text = get_config_section("dist_integration").get("encryption_keys", "")
        return [key.strip() for key in text.replace("\n", ",").split(",") if key.strip()]

    @api.model
    def _get_key_fingerprints(self):
        """:return: list of eight hexadecimal digits for each configured key, newest first"""
        return [
            hashlib.sha256(b"dist_integration key " + key.encode()).hexdigest()[:8]
            for key in self._get_keys()
        ]

    @api.model
    def _get_ring(self):
        try:
            return KeyRing(self._get_keys())
        except IntegrationError as error:
            raise UserError(
                _(
                    "Secrets cannot be saved or used: %s Set encryption_keys in the section "
                    "[dist_integration] of the server's configuration.",
                    error,
                )
            ) from error

    @api.model
    def _encrypt(self, secret):
        return self._get_ring().encrypt(secret)

    @api.model
    def _decrypt(self, token):
        try:
            return self._get_ring().decrypt(token)
        except IntegrationError as error:
            raise UserError(
                _("A secret cannot be opened with the configured encryption keys: %s", error)
            ) from error

    @api.model
    def _rotate(self, token):
        return self._get_ring().rotate(token)

    @api.model
    def _fingerprint(self, secret):
        """:return: eight hexadecimal digits keyed by the encryption key: useless for guessing the secret"""
        self._get_ring()
        return hmac.new(self._get_keys()[0].encode(), secret.encode(), hashlib.sha256).hexdigest()[:8]
