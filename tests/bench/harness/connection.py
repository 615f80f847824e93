"""Partners as an administrator sets them up: systems, API clients, endpoints, flows."""

from typing import Any


def make_system(
    env: Any, name: str, scopes: tuple[str, ...] = (), flows: tuple[str, ...] = ()
) -> tuple[Any, str]:
    """Make an active system with an API client whose limit is counted but never reached.

    :param flows: codes of inbound message types
    :return: (dist.system, API key)
    """
    system = env["dist.system"].create(
        {"name": name, "code": name.lower().replace(" ", "-"), "state": "active"}
    )
    granted = env["dist.api.scope"].search([("code", "in", scopes)])
    client = env["dist.api.client"].create(
        {
            "name": name,
            "system_id": system.id,
            "rate_per_minute": 60_000,
            "burst": 60_000,
            "scope_ids": [(6, 0, granted.ids)],
        }
    )
    for code in flows:
        make_flow(env, system, code)
    return system, client._generate_key()


def make_flow(env: Any, system: Any, code: str, **values: Any) -> Any:
    """Make a flow of a message type, active unless another state is given."""
    from odoo.addons.dist_integration_base.tests.common import make_flow as make

    return make(env, system, code, **values)


def make_endpoint(env: Any, system: Any, url: str, **values: Any) -> Any:
    """Make an endpoint on this machine whose messages are signed."""
    credential = env["dist.credential"].create({"name": "Webhooks", "system_id": system.id})
    credential._generate()
    return env["dist.endpoint"].create(
        {
            "name": f"{system.name} webhook",
            "system_id": system.id,
            "url": url,
            "allowed_networks": "127.0.0.0/8",
            "signing_credential_id": credential.id,
            **values,
        }
    )
