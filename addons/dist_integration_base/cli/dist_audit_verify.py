"""odoo-bin --addons-path=... dist_audit_verify -c odoo.conf -d database [--head NUMBER:HASH] [--sign]"""

import argparse
import sys

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config

BROKEN = 2


class DistAuditVerify(Command):
    """Verify the audit trail of a database"""

    name = "dist_audit_verify"

    def run(self, args):
        """Say what was found; the status is 0 when the trail is whole and 2 when it is not.

        :param args: arguments of the command line; those that are not ours are Odoo's own
        """
        parser = argparse.ArgumentParser(prog=f"odoo-bin {self.name}", description=self.__doc__)
        parser.add_argument("-d", "--database", required=True)
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            type=parse_head,
            metavar="NUMBER:HASH",
            help="an entry whose hash was kept elsewhere, such as the end that the server's log tells of",
        )
        parser.add_argument(
            "--sign",
            action="store_true",
            help="sign the end of a chain that is whole, after an encryption key was set up or lost; "
            "that is an entry of the trail",
        )
        own, others = parser.parse_known_args(args)
        config.parse_config([*others, "-d", own.database])
        with Registry(own.database).cursor() as cr:
            seals = api.Environment(cr, SUPERUSER_ID, {})["dist.audit.seal"]
            result = (seals._sign_anew if own.sign else seals._verify)(dict(own.head))
        sys.stdout.write(
            f"{result['text']}\nend: {result['count']}:{result['head']} "
            f"({'signed' if result['signed'] else 'not signed'}), not sealed yet: {result['pending']}\n"
        )
        sys.exit(BROKEN if result["code"] else 0)


def parse_head(text):
    """:return: (number, hash) of the text NUMBER:HASH"""
    number, _colon, value = text.partition(":")
    return int(number), value
