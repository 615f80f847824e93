"""Odoo runs with `odoo.conf.example`; only names, places and numbers of the machine differ."""

import configparser

import pytest
from rpc import RpcError, Session
from suite import configuration, paths
from suite.server import free_port
from test_server import job_done

# What belongs to the machine: taken from the configuration every test server gets.
PLACES = (
    "addons_path",
    "data_dir",
    "db_host",
    "db_port",
    "db_user",
    "db_password",
    "db_name",
    "dbfilter",
    "http_port",
    "gevent_port",
    "admin_passwd",
)


def read(path):
    """Return a configuration file."""
    parser = configparser.RawConfigParser()
    parser.read(path)
    return parser


def adapt(example, server, environment):
    """Write the example over a server's configuration, with this machine's places."""
    parser, ours = read(example), read(server.config)
    for name in PLACES:
        if ours.has_option("options", name):
            parser["options"][name] = ours["options"][name]
        else:
            parser["options"].pop(name, None)
    parser["options"].pop("logfile")
    # a small machine
    parser["options"]["workers"] = "2"
    wide = configuration.server_wide(environment.series, parser["options"]["server_wide_modules"])
    parser["options"]["server_wide_modules"] = wide
    parser["queue_job"]["port"] = str(server.port)
    parser["dist_integration"]["encryption_keys"] = ours["dist_integration"]["encryption_keys"]
    with open(server.config, "w") as file:
        parser.write(file)


def test_example_serves_and_runs_jobs(env, make_database):
    database = make_database("example")
    server = env.server(database, workers=2, options={"gevent_port": free_port()})
    adapt(paths.ROOT / "odoo.conf.example", server, env)
    with server:
        session = Session(server.url, database)
        job_done(env, database, session)
        with pytest.raises(RpcError, match="Access Denied"):
            session.post("/web/database/list", {})


def test_example_names_every_lane():
    channels = read(paths.ROOT / "odoo.conf.example")["queue_job"]["channels"]
    names = {part.split(":")[0] for part in channels.split(",")}
    assert names == {"root", "root.dist_critical", "root.dist", "root.dist_bulk"}
