"""What the outbox knows of the transaction under way.

Odoo runs what was put off to the commit at every savepoint as well, so events are written more than once in a
transaction. This remembers what was written, so that a second emission updates the row instead of adding one,
and keeps the trace.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import psycopg2
from psycopg2 import errorcodes
from psycopg2.pool import PoolError

from ..lib.trace import Trace, new

SHUTDOWN = (errorcodes.ADMIN_SHUTDOWN, errorcodes.CRASH_SHUTDOWN, errorcodes.CANNOT_CONNECT_NOW)


def is_connection_lost(error):
    """Tell whether an error means that the database went away: nothing can be recorded then, and what was
    stored before is taken up again later.
    """
    if isinstance(error, psycopg2.InterfaceError | PoolError):
        return True
    # a connection that ends in the middle of an answer raises the base class itself
    if not isinstance(error, psycopg2.OperationalError) and type(error) is not psycopg2.DatabaseError:
        return False
    return not error.pgcode or error.pgcode in SHUTDOWN


@dataclass
class TransactionState:
    """
    :ivar trace: Trace of the transaction
    :ivar written: (type code, model name, record id) to id of the event written in this transaction
    :ivar approved: whether a change is being applied that a second person approved
    :ivar by_person: whether a server action is running that a person started
    :ivar moving_flow: whether values are being written that follow from a step of a flow
    :ivar left_values: id of an inbound message to what of it was left out, because others own it
    :ivar is_shadow: whatever is done here is only compared, then rolled back
    :ivar given_numbers: name of a PostgreSQL sequence to how many of its numbers were given out in the shadow
    """

    trace: Trace = field(default_factory=new)
    written: dict = field(default_factory=dict)
    approved: bool = False
    by_person: bool = False
    moving_flow: bool = False
    left_values: dict = field(default_factory=dict)
    is_shadow: bool = False
    given_numbers: dict = field(default_factory=dict)


def get_state(cr):
    """:return: TransactionState of a cursor's present transaction"""
    return getattr(cr, "_dist_transaction_state", None) or _set_state(cr, TransactionState())


def start_shadow(cr):
    """Mark a cursor's transaction as one that is only compared; its owner rolls it back."""
    _set_state(cr, TransactionState(is_shadow=True))


def _set_state(cr, state):
    cr._dist_transaction_state = state

    def forget():
        cr._dist_transaction_state = None

    cr.postcommit.add(forget)
    cr.postrollback.add(forget)
    return state


@contextmanager
def on_trial(cr):
    """What is done inside, as if a second person had approved it, is taken back; unless it fails, then that is told."""
    try:
        with cr.savepoint():
            former = get_state(cr)
            cr._dist_transaction_state = replace(former, approved=True, written=dict(former.written))
            try:
                yield
                cr.flush()
            finally:
                cr._dist_transaction_state = former
            raise _TakenBack
    except _TakenBack:
        pass


class _TakenBack(Exception):
    """A trial that went well."""
