"""Audit trail and change approval where transactions, processes and the command line are real."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from rpc import RpcError, Session
from waiting import until

MODULES = ["test_dist_integration_base"]
OLD, NEW = "https://old.example/hook", "https://new.example/hook"


@pytest.fixture
def stack(env, make_database, make_server):
    """:return: (database, server, session of the administrator)"""
    database = make_database("governance", modules=MODULES)
    server = make_server(database, workers=2)
    return database, server, Session(server.url, database)


def make_endpoint(session, environment):
    system = session.create(
        "dist.system",
        {"name": environment, "code": environment, "environment": environment, "state": "active"},
    )
    return session.create("dist.endpoint", {"name": "Hook", "system_id": system, "url": OLD})


def verify(env, server, database, *arguments):
    """Run the command; return (status, what it printed)."""
    # Odoo looks for commands of addons before it reads its configuration
    places = f"--addons-path={env.addons_path}"
    command = [
        *env.odoo_command,
        places,
        "dist_audit_verify",
        "-c",
        server.config,
        "-d",
        database,
        *arguments,
    ]
    done = subprocess.run(
        list(map(str, command)),
        cwd=env.run,
        env={**env.environ, **env.pg_environment},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def pending(env, database):
    return env.sql(database, "SELECT count(*) FROM dist_audit_pending")[0][0]


def test_audit_trail(env, stack):
    """G5: many at once are sealed into one chain right after their commits; the command finds what SQL did to it."""
    database, server, admin = stack
    endpoint = make_endpoint(admin, "test")
    sessions = [Session(server.url, database) for _number in range(4)]
    others = [make_endpoint(admin, name) for name in ("staging", "development")]

    def rename(number):
        target = [endpoint, *others][number % 3]
        try:
            sessions[number % 4].write("dist.endpoint", [target], {"name": f"Name {number}"})
            return 1
        except RpcError:  # two wrote the same row once too often: nothing was changed
            return 0

    with ThreadPoolExecutor(4) as pool:
        written = sum(pool.map(rename, range(24)))
    # the scheduled action, which takes a minute, is not waited for
    until(
        lambda: not pending(env, database) or admin.write("dist.endpoint", [endpoint], {"name": "Last"}), 20
    )
    told = env.sql(
        database,
        "SELECT count(*) FROM dist_audit_entry AS entry JOIN dist_audit_text AS told ON told.entry_id = entry.id "
        "WHERE told.name LIKE 'changes/%/new' AND told.text LIKE '\"Name %' AND entry.action = 'changed'",
    )[0][0]
    assert told == written
    status, text = verify(env, server, database)
    assert status == 0, text
    number, head = env.sql(database, "SELECT number, hash FROM dist_audit_head")[0]
    assert f"end: {number}:{head} (signed)" in text
    assert head in server.log.read_text()
    for statement in ("DELETE FROM dist_audit_seal", "UPDATE dist_audit_head SET number = 1"):
        with pytest.raises(Exception, match="append-only"):
            env.sql(database, f"{statement} WHERE number = {number}")
    env.sql(
        database,
        "ALTER TABLE dist_audit_head DISABLE TRIGGER USER",
        "UPDATE dist_audit_head SET proof = NULL",
        "ALTER TABLE dist_audit_head ENABLE TRIGGER USER",
    )
    status, text = verify(env, server, database)
    assert (status, "not signed, although" in text) == (2, True), text
    status, text = verify(env, server, database, "--sign")
    assert status == 0, text
    number, head = env.sql(database, "SELECT number, hash FROM dist_audit_head")[0]
    assert f"end: {number}:{head} (signed)" in text
    env.sql(
        database,
        "ALTER TABLE dist_audit_seal DISABLE TRIGGER USER",
        f"DELETE FROM dist_audit_seal WHERE number = {number}",
        "ALTER TABLE dist_audit_seal ENABLE TRIGGER USER",
    )
    status, text = verify(env, server, database)
    assert (status, f"from entry {number} on" in text) == (2, True), text
    status, text = verify(env, server, database, "--head", f"{number}:{head}")
    assert status == 2, text


def test_change_approval(env, stack):
    """G4: what is saved by RPC is kept although its own transaction is rolled back, and applied by another person."""
    database, server, admin = stack
    endpoint = make_endpoint(admin, "production")
    admin.call("ir.config_parameter", "set_param", "dist_integration.change_approval", "True")
    groups = [admin.ref(f"dist_integration_base.group_dist_{name}") for name in ("manager", "approver")]
    field = "groups_id" if env.series == "17.0" else "group_ids"
    admin.create(
        "res.users",
        {"name": "Second", "login": "second", "password": "second", field: [[4, group] for group in groups]},
    )
    with pytest.raises(RpcError) as refused:
        admin.write("dist.endpoint", [endpoint], {"url": NEW})
    (request,) = admin.search_read("dist.change.request", [], ["name", "state"])
    assert request["name"] in refused.value.sentence
    assert request["state"] == "draft"
    admin.write("dist.change.request", [request["id"]], {"reason": "Moves"})
    admin.call("dist.change.request", "action_request", [request["id"]])
    with pytest.raises(RpcError, match="second person"):
        admin.call("dist.change.request", "action_approve", [request["id"]])
    assert admin.search_read("dist.endpoint", [["id", "=", endpoint]], ["url"])[0]["url"] == OLD
    Session(server.url, database, "second", "second").call(
        "dist.change.request", "action_approve", [request["id"]]
    )
    assert admin.search_read("dist.endpoint", [["id", "=", endpoint]], ["url"])[0]["url"] == NEW
    told = env.sql(
        database,
        (
            "SELECT entry.action, told.text FROM dist_audit_entry AS entry "
            "LEFT JOIN dist_audit_text AS told ON told.entry_id = entry.id AND told.name = 'changes/0/new' "
            "WHERE entry.res_model = 'dist.endpoint' AND entry.res_id = %s ORDER BY entry.id",
            [endpoint],
        ),
    )
    assert [action for action, _changes in told] == ["created", "requested", "approved", "changed"]
    assert json.loads(told[-1][1]) == NEW
