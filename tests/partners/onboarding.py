"""What an administrator does on screen to connect a partner, done over RPC as that person.

Nothing is done twice: what demonstration data or an earlier run has made is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rpc import Session

#: Stand-ins live on this machine; an administrator allows that for their endpoints only.
LOCAL = "127.0.0.0/8"


@dataclass
class Connection:
    """A partner as Odoo knows it, and what Odoo handed over to it.

    :ivar key: for the partner's calls
    :ivar secret: that signs what the partner receives
    """

    system: int
    client: int
    endpoint: int
    key: str
    secret: str


def connect(
    odoo: Session,
    code: str,
    webhook_url: str,
    receives: Sequence[str] = (),
    submits: Sequence[str] = (),
    scopes: Sequence[str] | None = None,
    system: dict[str, Any] | None = None,
    endpoint: dict[str, Any] | None = None,
    client: dict[str, Any] | None = None,
    flows: dict[str, dict[str, Any]] | None = None,
) -> Connection:
    """Make a partner ready to exchange messages.

    :param code: of its ``dist.system``
    :param webhook_url: where it receives
    :param receives: codes of the outbound message types it subscribes to
    :param submits: codes of the inbound message types it sends
    :param scopes: codes of what its key is good for; None for all there are
    :param system: more values of the system, when it has to be created
    :param endpoint: more values of the endpoint
    :param client: more values of the API client
    :param flows: more values of flows, by message type
    """
    system_id = odoo.ensure(
        "dist.system", [("code", "=", code)], {"name": code.title(), "code": code, **(system or {})}
    )
    odoo.call("dist.system", "action_activate", [system_id])
    secret, credential_id = _make_secret(odoo, system_id)
    endpoint_id = odoo.ensure(
        "dist.endpoint", [("system_id", "=", system_id)], {"name": f"{code} webhooks", "system_id": system_id}
    )
    values = {"url": webhook_url, "allowed_networks": LOCAL, "signing_credential_id": credential_id}
    odoo.write("dist.endpoint", [endpoint_id], {**values, **(endpoint or {})})
    odoo.call("dist.endpoint", "action_enable", [endpoint_id])
    for message_type in (*receives, *submits):
        outbound = {"endpoint_id": endpoint_id} if message_type in receives else {}
        _agree(odoo, system_id, message_type, {**outbound, **(flows or {}).get(message_type, {})})
    client_id = odoo.ensure(
        "dist.api.client", [("system_id", "=", system_id)], {"name": f"{code} client", "system_id": system_id}
    )
    wanted = odoo.search("dist.api.scope", [] if scopes is None else [("code", "in", list(scopes))])
    # tests call more often than any partner may
    values = {"scope_ids": [(6, 0, wanted)], "rate_per_minute": 0, **(client or {})}
    odoo.write("dist.api.client", [client_id], values)
    key = _shown(odoo.call("dist.api.client", "action_generate_key", [client_id]))
    return Connection(system_id, client_id, endpoint_id, key, secret)


def _make_secret(odoo: Session, system_id: int) -> tuple[str, int]:
    domain = [("system_id", "=", system_id), ("kind", "=", "signing_secret")]
    credential_id = odoo.ensure("dist.credential", domain, {"name": "Webhooks", "system_id": system_id})
    return _shown(odoo.call("dist.credential", "action_generate", [credential_id])), credential_id


def _agree(odoo: Session, system_id: int, message_type: str, values: dict[str, Any]) -> None:
    type_id = odoo.search("dist.message.type", [("code", "=", message_type)])[0]
    domain = [("system_id", "=", system_id), ("message_type_id", "=", type_id)]
    flow_id = odoo.ensure("dist.flow", domain, {"system_id": system_id, "message_type_id": type_id, **values})
    if values:
        odoo.write("dist.flow", [flow_id], values)
    # a flow that a demonstration brought along has begun its life already
    for state, action in (("draft", "action_approve"), ("approved", "action_activate")):
        if odoo.search("dist.flow", [("id", "=", flow_id), ("state", "=", state)]):
            odoo.call("dist.flow", action, [flow_id])


def _shown(action: dict[str, Any]) -> str:
    """Return the secret that a dialogue shows once."""
    return action["context"]["dist_new_secret"]
