"""AS2 between real servers: Odoo with its workers, and pyas2lib on the other side."""

from __future__ import annotations

import pytest
from partners.as2 import Station, StationServer, post
from partners.edi import make_profile, order_file
from partners.onboarding import LOCAL, connect
from rpc import Session
from services.certificates import make_rsa_pair
from waiting import until

OWN, PARTNER = "OUR HOUSE", "BUYER"


class Stage:
    """Odoo with EDI, and a customer who speaks AS2."""

    def __init__(self, environment):
        self.environment = environment
        self.database = environment.create_database("as2", modules=["dist_integration_edi"])
        self.server = environment.server(self.database, workers=3)
        self.peer = StationServer()
        self.ours, self.theirs = make_rsa_pair("Ours"), make_rsa_pair("Theirs")

    def __enter__(self):
        self.server.start()
        self.odoo = odoo = Session(self.server.url, self.database)
        odoo.call("ir.config_parameter", "set_param", "web.base.url", self.server.url)
        self.connection = connect(
            odoo,
            "BUYER",
            self.peer.url,
            receives=["edi.acknowledgement"],
            submits=["edi.interchange"],
            system={"kind": "customer"},
            endpoint={"content": "edi", "timeout": 5, "retry_schedule": "1s, 1s, 2s, 2s, 5s, 5s"},
        )
        make_profile(odoo, self.connection)
        self.partner = self._make_partner()
        odoo.write(
            "dist.endpoint",
            [self.connection.endpoint],
            {"transport": "as2", "as2_partner_id": self.partner, "file_name": "{type}-{id}.edi"},
        )
        return self

    def _make_partner(self):
        owner = {"system_id": self.connection.system}
        credential = {**owner, "name": "AS2 key", "kind": "certificate", "pem": self.ours}
        certificates = [
            {"owner": "own", "credential_id": self.odoo.create("dist.credential", credential)},
            {"owner": "partner", "pem": _certificate(self.theirs)},
        ]
        values = {
            **owner,
            "name": "Buyer",
            "client_id": self.connection.client,
            "own_name": OWN,
            "partner_name": PARTNER,
            "allowed_networks": LOCAL,
        }
        partner = self.odoo.create("dist.as2.partner", values)
        for certificate in certificates:
            self.odoo.create("dist.as2.certificate", {"as2_partner_id": partner, **certificate})
        return partner

    def __exit__(self, *exc_info):
        self.server.stop()
        self.peer.close()
        self.environment.drop_database(self.database)

    def agree(self, receipt, **agreed):
        """Both sides agree on how receipts come and what protects messages."""
        self.odoo.write("dist.as2.partner", [self.partner], {"receipt": receipt, **agreed})
        self.peer.station = Station(
            PARTNER,
            self.theirs,
            OWN,
            _certificate(self.ours),
            mdn_url=self.peer.url,
            sign=True,
            encrypt=True,
            enc_alg="aes_256_cbc",
            compress=bool(agreed.get("compressed")),
            mdn_mode=receipt.upper(),
            mdn_digest_alg="sha256",
        )

    def exchanges(self, direction):
        """Return messages of one direction as dictionaries."""
        fields = ["state", "reference", "disposition", "receipt_state"]
        return self.odoo.search_read("dist.as2.exchange", [("direction", "=", direction)], fields)


def _certificate(pair):
    return pair[: pair.index("-----BEGIN PRIVATE KEY-----")]


@pytest.fixture(scope="module")
def stage(env):
    with Stage(env) as stage:
        yield stage


@pytest.mark.parametrize(("receipt", "first"), [("sync", 1), ("async", 3)])
def test_both_ways(stage, receipt, first):
    """E8: orders come, their acknowledgements leave; each side has the other's signed receipt."""
    for number, compressed in ((first, False), (first + 1, True)):
        stage.agree(receipt, compressed=compressed)
        sent, headers, body = stage.peer.station.build(order_file(number), filename="order.edi")
        status, answered, content = post(f"{stage.server.url}/dist/as2", headers, body)
        assert status == 200
        if receipt == "async":
            assert content == b""
            until(lambda count=number: len(stage.peer.receipts) > count - first, what="our receipt")
            answered, content = stage.peer.receipts[-1]
        assert stage.peer.station.read_receipt(answered, content, sent) == ("processed", None)
        told = f"AK1*PO*{number}".encode()
        until(
            lambda told=told: any(told in document for document in stage.peer.documents.values()),
            60,
            what="the acknowledgement",
        )
        until(
            lambda number=number: [one["state"] for one in stage.exchanges("out")] == ["confirmed"] * number,
            60,
            what="the partner's receipt",
        )
    assert {one["state"] for one in stage.exchanges("in")} == {"received"}


def test_the_same_message_again(stage):
    """E8, M5: the same receipt, and nothing else."""
    stage.agree("sync", compressed=False)
    _sent, headers, body = stage.peer.station.build(order_file(9))
    answers = [post(f"{stage.server.url}/dist/as2", headers, body)[2] for _time in range(2)]
    assert answers[0] == answers[1]
    until(
        lambda: any(b"AK1*PO*9" in document for document in stage.peer.documents.values()),
        60,
        what="the acknowledgement",
    )
    assert sum(b"AK1*PO*9" in document for document in stage.peer.documents.values()) == 1
    assert len([one for one in stage.exchanges("in") if one["reference"] == headers["Message-ID"]]) == 1
