"""Odoo's configuration file, made for one database."""

import base64
import configparser
import os

DEFAULT_JOBS = "root:4,root.dist_critical:2,root.dist:2,root.dist_bulk:1"


def write(path, options, jobs, port, integration):
    """Write a configuration file that only its owner can read.

    :param options: values of the section [options]; None leaves an option out
    :param jobs: channels of the job runner
    :param port: where the job runner calls back
    :param integration: values of the section [dist_integration]
    """
    parser = configparser.RawConfigParser()
    parser["options"] = {name: str(v) for name, v in options.items() if v is not None}
    parser["queue_job"] = {
        "scheme": "http",
        "host": "127.0.0.1",
        "port": str(port),
        "channels": jobs,
    }
    parser["dist_integration"] = integration
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        parser.write(file)


def encryption_key(path):
    """Return the key kept in a file, made at the first call.

    The same key serves all databases of a checkout, so that a copy of a database can
    read the secrets its template stored.
    """
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        key = base64.urlsafe_b64encode(os.urandom(32)).decode()
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(key)
        return key


def server_wide(series, modules):
    """Return the server-wide modules; from 19.0 on XML-RPC is a module of its own."""
    names = modules.split(",")
    if series != "17.0" and "rpc" not in names:
        names.insert(1, "rpc")
    return ",".join(names)
