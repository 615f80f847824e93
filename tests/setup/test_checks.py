"""The checks of the test run itself: logs, constraints, committed texts, counting."""

import datetime

import pytest
from suite import constraints, lint, logscan
from suite.results import Result, total

LOG = """\
2026-01-02 03:04:05,100 12 INFO db odoo.addons.dist_integration_base.models.a: fine
2026-01-02 03:04:06,200 12 WARNING db odoo.addons.dist_integration_base.models.a: beware
2026-01-02 03:04:07,300 12 ERROR db odoo.http: Exception during request handling.
Traceback (most recent call last):
  File "/somewhere/dist_integration_base/models/a.py", line 1, in f
ValueError
2026-01-02 03:04:08,400 12 WARNING db odoo.addons.base.models.ir_cron: not ours
2026-01-02 03:04:08,500 12 ERROR db odoo.addons.base.models.ir_cron: Job 'Procurement' failed
  File "/somewhere/dist_integration_base/models/ir_actions_server.py", line 14, in run
  File "/usr/lib/python3/dist-packages/odoo/addons/stock/models/stock_rule.py", line 735, in run_scheduler
2026-01-02 03:04:09,500 12 WARNING ? odoo.modules.loading: Module x demo data failed to install
"""


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "server.log"
    path.write_text(LOG)
    return path


def entry(second, *patterns):
    """Return a journal's entry for a test that ran around a second of the log."""
    moment = datetime.datetime(2026, 1, 2, 3, 4, second)
    span = datetime.timedelta(seconds=1)
    return {"name": "a test", "start": moment - span, "end": moment + span, "patterns": patterns}


def test_our_complaints_are_found(log):
    found = logscan.complaints([log])
    assert len(found) == 3
    assert "beware" in found[0] and "ValueError" in found[1] and "demo data" in found[2]


def test_announced_complaints_are_not(log):
    found = logscan.complaints([log], [entry(6, "bew.re"), entry(7, "ValueError")])
    assert len(found) == 1


def test_a_complaint_names_the_test_that_ran(log):
    assert "during a test" in logscan.complaints([log], [entry(6)])[0]


def test_an_announcement_does_not_hold_for_ever(log):
    assert len(logscan.complaints([log], [entry(50, "beware")])) == 3


@pytest.fixture
def addons(tmp_path):
    models = tmp_path / "an_addon" / "models"
    models.mkdir(parents=True)
    (models / "a.py").write_text(
        "class A(models.Model):\n"
        "    _name = 'dist.thing'\n"
        "    _sql_constraints = [('once', 'unique(x)', 'Once.')]\n"
        "class B(models.Model):\n"
        "    _inherit = 'sale.order'\n"
        "    _sql_constraints = [('more', 'check(x > 0)', 'More.')]\n"
        "class C(models.AbstractModel):\n"
        "    _name = 'dist.mixin'\n"
        "    _sql_constraints = [('mixed', 'check(x > 0)', 'More.')]\n"
    )
    return tmp_path


def test_constraints_are_read(addons):
    assert constraints.declared(addons) == {
        ("dist_thing", "once"),
        ("sale_order", "more"),
        (None, "mixed"),
    }


def test_missing_constraints_are_named(addons):
    rows = [("dist_thing", "dist_thing_once"), ("dist_other", "dist_other_mixed")]
    assert constraints.missing(addons, rows) == ["constraint more of sale_order is not in the database"]


# put together, so that this page passes the check itself
@pytest.mark.parametrize("text", ["py" + "pi.org", "registry.npm" + "js.org", "deb." + "debian.org"])
def test_registries_are_recognised(text):
    assert lint.REGISTRIES.search(f"see https://{text}/x")


@pytest.mark.parametrize("text", ["cd /" + "work/x", "'/" + "root'", "/home/" + "me/x"])
def test_machine_paths_are_recognised(text):
    assert lint.MACHINE.search(text)


@pytest.mark.parametrize("text", ["a/work/b", "/works/", "/rooted", "http://host/work/"])
def test_other_paths_are_not(text):
    assert not lint.MACHINE.search(text)


def test_totals():
    results = [Result("17.0", "a", 1, 2, 3), Result("19.0", "b", 10, 20, 30)]
    assert str(total(results)) == "11 passed, 22 failed, 33 skipped"
