"""Small helpers."""

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import babel.dates

from odoo import fields
from odoo.tools.misc import babel_locale_parse, get_lang


def get_exact_now():
    """:return: datetime in UTC with fractions of a second, for what is measured; Odoo's own is cut to seconds"""
    return datetime.now(timezone.utc).replace(tzinfo=None)


@contextmanager
def reading(cr):
    """Leave the transaction as it was when the database refuses a question asked inside; nothing is written there.

    Less than a savepoint of Odoo's own: it is set by the first question, of which there is none where a document is
    told from what was read before, and needs no name of its own, because of equal names the innermost is meant.

    :param cr: cursor; only what goes through its ``execute`` is asked under the savepoint
    """
    asked = False
    ask, outer = cr.execute, vars(cr).get("execute")

    def ask_safely(*args, **kwargs):
        nonlocal asked
        if not asked:
            ask("SAVEPOINT dist_reading")
            asked = True
        return ask(*args, **kwargs)

    cr.execute = ask_safely
    try:
        yield
    except BaseException:
        if asked:
            ask("ROLLBACK TO SAVEPOINT dist_reading")
        raise
    finally:
        if outer:
            cr.execute = outer
        else:
            del cr.execute
        if asked:
            ask("RELEASE SAVEPOINT dist_reading")


def format_age(env, moment):
    """A moment that has passed, in the user's language.

    :param moment: datetime in UTC, or False
    :return: text such as "2 hours ago"; False when there is no moment
    """
    # what came in this second is a moment ago, not to come, also where another server's clock is ahead
    return moment and format_relative(env, min(moment, fields.Datetime.now() - timedelta(seconds=1)))


def format_relative(env, moment):
    """A moment as seen from now, in the user's language.

    :param moment: datetime in UTC, or False
    :return: text such as "in 35 minutes" or "2 hours ago"; False when there is no moment
    """
    if not moment:
        return False
    delta = moment - fields.Datetime.now()
    # up to one and a half of a unit the smaller one tells more: 80 minutes, not one hour
    return babel.dates.format_timedelta(
        delta, add_direction=True, threshold=1.5, locale=babel_locale_parse(get_lang(env).code)
    )
