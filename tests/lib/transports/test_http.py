"""M9: feeds over HTTP, OAuth 2.0, client certificates."""

import dataclasses
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from dist_integration_base.lib import errors
from dist_integration_base.lib.oauth import ClientCredentials, TokenCache
from dist_integration_base.lib.transport import HttpSession
from dist_integration_base.lib.transports import HttpSettings
from partners.feed import Feed
from partners.server import Fault
from services.certificates import Authority

LOCAL = ["127.0.0.0/8", "::1/128"]


def settings(feed, **changes):
    return HttpSettings(feed.url, timeout=5, networks=LOCAL, **changes)


def fetch(given, state):
    """Return (names of items, state behind them)."""
    names = []
    with given.open_source(state) as source:
        for batch in source.batches(None):
            names += [item.name for item in batch.items]
            state = batch.state or state
            source.settle(batch)
    return names, state


def numbered(count, start=0):
    return [{"id": f"C{number}", "note": "x"} for number in range(start, start + count)]


@pytest.mark.parametrize("link", [False, True], ids=["body", "Link header"])
def test_pages_are_followed_and_the_place_is_kept(link):
    """M9: each page's state leads behind it; a new fetch starts there and sees only what came since."""
    with Feed(page=10, link=link) as feed:
        feed.items = numbered(25)
        names, state = fetch(settings(feed), {})
        assert names == [f"C{number}" for number in range(25)]
        assert feed.requests == ["", "10", "20"]
        # the page that was not full yet is asked for again, and unchanged is told from changed
        assert fetch(settings(feed), state)[0] == []
        assert feed.unchanged == 1
        feed.items += numbered(3, 25)
        names, state = fetch(settings(feed), state)
        assert names == [f"C{number}" for number in range(20, 28)]
        feed.items += numbered(2, 28)
        names, state = fetch(settings(feed), state)
        assert names[-2:] == ["C28", "C29"]
        assert fetch(settings(feed), state)[0] == []


def test_same_item_has_the_same_key():
    """M5: an item that comes again is recognised; one that changed under its id is another message."""
    with Feed() as feed:
        feed.items = [{"id": "1", "note": "a"}]
        keys = []
        for note in ("a", "a", "b"):
            feed.items[0]["note"] = note
            with settings(feed).open_source({}) as source:
                keys.append(next(source.batches(None)).items[0].key)
    assert keys[0] == keys[1] != keys[2]


def test_whole_page_as_one_message():
    with Feed() as feed:
        feed.items = numbered(2)
        with settings(feed, items="").open_source({}) as source:
            (item,) = next(source.batches(None)).items
    assert json.loads(item.body)["items"] == numbered(2)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"items": "nothing"}, errors.ProtocolError),
        ({"max_bytes": 20}, errors.Refused),
        ({"networks": ()}, errors.AddressRefused),
    ],
)
def test_feed_that_cannot_be_used(changes, error):
    """M9: no list, a page that is too large, an address that is not allowed."""
    with Feed() as feed:
        feed.items = numbered(5)
        with pytest.raises(error):
            fetch(dataclasses.replace(settings(feed), **changes), {})


def test_feed_that_answers_an_error():
    with Feed() as feed:
        feed.server.fail(Fault("500"))
        with pytest.raises(errors.Refused, match="500"):
            fetch(settings(feed), {})


@pytest.mark.parametrize("address", ["http://other.example/x", "//other.example/x", "http://127.0.0.1:1/x"])
def test_next_page_elsewhere_is_refused(address):
    """M9: the credential does not follow a feed to another server."""
    with Feed() as feed:
        given = settings(feed, next="items[0].link")
        feed.items = [{"id": "1", "link": address}]
        with pytest.raises(errors.ProtocolError, match="another server"):
            fetch(given, {})


# -- OAuth 2.0 -----------------------------------------------------------------------------------------------


@pytest.fixture
def shop(monkeypatch):
    monkeypatch.setattr(TokenCache, "shared", TokenCache())
    with Feed(client=("odoo", "s3cret/+")) as feed:
        # RFC 6749 2.3.1: the parts are form-encoded
        feed._client = ("odoo", "s3cret%2F%2B")
        yield feed


def oauth(feed, secret="s3cret/+"):
    return settings(feed, oauth=ClientCredentials(feed.token_url, "odoo", secret))


def test_token_is_kept(shop, message):
    """M9: one token for many calls, shared by sessions of the process."""
    for _session in range(2):
        with oauth(shop).open() as session:
            for number in range(3):
                assert session.send(message(number)).outcome == "success"
    assert shop.tokens_given == 1
    assert len(shop.items) == 6


def test_refused_token_is_fetched_anew_once(shop, message):
    """M9: 401 means one more token and one more try."""
    with oauth(shop).open() as session:
        session.send(message(1))
        shop.revoke()
        assert session.send(message(2)).outcome == "success"
    assert shop.tokens_given == 2


@pytest.mark.parametrize(("length", "is_read"), [(2500, True), (60_000, True), (70_000, False)])
def test_token_that_is_long(shop, length, is_read):
    """M9: a token answer is read up to 64 KiB, however little of an answer to a message is kept."""
    shop.token_padding = length
    http = HttpSession(5, LOCAL, max_response_bytes=2000)
    credentials = oauth(shop).oauth
    if is_read:
        assert len(TokenCache.shared.get(credentials, http)) > length
    else:
        with pytest.raises(errors.AuthenticationFailed, match="no bearer token"):
            TokenCache.shared.get(credentials, http)


def test_token_that_has_ended(shop, message):
    now = [0.0]
    TokenCache.shared = TokenCache(lambda: now[0])
    with oauth(shop).open() as session:
        session.send(message(1))
        now[0] = 3600.0
        session.send(message(2))
    assert shop.tokens_given == 2


def test_wrong_client(shop, message):
    """M9, M7: without a token the message waits; the secret is nowhere in what is said."""
    with oauth(shop, "wrong").open() as session:
        result = session.send(message())
    assert (result.outcome, result.code) == ("retryable", "authentication")
    assert "wrong" not in result.detail
    assert "s3cret" not in repr(oauth(shop))


def test_oauth_on_a_feed(shop):
    shop.items = numbered(3)
    assert fetch(oauth(shop), {})[0] == ["C0", "C1", "C2"]


# -- mutual TLS ----------------------------------------------------------------------------------------------


@pytest.fixture
def tls_server(tmp_path):
    """(url, authority, list of the clients' names) of a server that asks for a client certificate."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("server"))
    context.load_verify_locations(authority.path)
    context.verify_mode = ssl.CERT_REQUIRED
    clients = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            clients.append(dict(pair[0] for pair in self.connection.getpeercert()["subject"])["commonName"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}/in", authority, clients
    server.shutdown()
    server.server_close()


def test_client_certificate(tls_server, message):
    """M9: the partner sees who calls; without a certificate there is no call."""
    url, authority, clients = tls_server
    given = HttpSettings(url, timeout=5, networks=LOCAL, verify=authority.pem)
    with dataclasses.replace(given, certificate=authority.issue_pair("distributor")).open() as session:
        assert session.send(message()).outcome == "success"
    with given.open() as session:
        assert session.send(message()).outcome == "retryable"
    assert clients == ["distributor"]
