"""Servers that some tests drive when they are there: RabbitMQ and OpenSSH."""

import pathlib
import shutil

from . import apt

RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"
SSHD = "/usr/sbin/sshd"


def prepare(console):
    """Install the servers where that is allowed; say so when their tests will be skipped."""
    for program, package, what in (
        (RABBITMQ, "rabbitmq-server", "RabbitMQ"),
        (SSHD, "openssh-server", "SFTP"),
    ):
        if not available(program) and not (apt.install(package) and available(program)):
            console.say(f"no {package}: tests of {what} are skipped")


def available(program):
    """Tell whether a server can be started here."""
    return pathlib.Path(program).exists() and bool(shutil.which("erl") or program != RABBITMQ)
