"""What the outbox knows of the transaction under way.

Odoo runs what was put off to the commit at every savepoint as well, so events are written more than once in a
transaction. This remembers what was written, so that a second emission updates the row instead of adding one,
and keeps the trace.
"""

from dataclasses import dataclass, field

from ..lib.trace import Trace, new


@dataclass
class TransactionState:
    """
    :ivar trace: Trace of the transaction
    :ivar written: (type code, model name, record id) to id of the event written in this transaction
    """

    trace: Trace = field(default_factory=new)
    written: dict = field(default_factory=dict)


def get_state(cr):
    """:return: TransactionState of a cursor's present transaction"""
    state = getattr(cr, "_dist_transaction_state", None)
    if state is None:
        state = cr._dist_transaction_state = TransactionState()

        def forget():
            cr._dist_transaction_state = None

        cr.postcommit.add(forget)
        cr.postrollback.add(forget)
    return state
