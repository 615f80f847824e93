import datetime

import pytest
from dist_integration_base.lib import tls
from dist_integration_base.lib.errors import ConfigurationError
from services.certificates import Authority


def test_certificate_and_key(tmp_path):
    """G7: a certificate is kept with its key, and says when it ends."""
    authority = Authority(tmp_path)
    pair = authority.issue_pair("client", days=10)
    ends = tls.read_certificate(pair)
    left = ends - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert datetime.timedelta(days=9) < left <= datetime.timedelta(days=10)
    certificate, key = tls.split_pair(pair)
    assert certificate.startswith("-----BEGIN CERTIFICATE")
    assert "PRIVATE KEY" in key
    assert "PRIVATE KEY" not in certificate
    # either order will do
    assert tls.read_certificate(key + certificate) == ends


def test_not_a_pair(tmp_path):
    authority = Authority(tmp_path)
    (one, _key), (_certificate, other) = authority.issue("one"), authority.issue("two")
    for text in (one.read_text() + other.read_text(), one.read_text(), other.read_text(), "nonsense"):
        with pytest.raises(ConfigurationError) as caught:
            tls.read_certificate(text)
        assert "PRIVATE" not in caught.value.detail
