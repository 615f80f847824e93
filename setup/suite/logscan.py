"""Finds complaints of our own code in Odoo's logs."""

import dataclasses
import datetime
import json
import re

RECORD = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(?P<ms>\d{3}) \d+ (?P<level>[A-Z]+) \S+ "
    r"(?P<logger>[\w.]+): "
)
COMPLAINTS = {"WARNING", "ERROR", "CRITICAL"}
OURS = re.compile(r"odoo\.addons\.dist_integration|/dist_integration_\w+/")
# every scheduled action of Odoo passes through it: what fails further in is not ours
PASSED_THROUGH = re.compile(r'/dist_integration_base/models/ir_actions_server\.py", line \d+, in run\b')
DEMO_FAILED = re.compile(r"demo data failed to install|[Ff]ailed to load demo|ir_demo_failure")
# A line may be written a little after the test that provoked it has ended.
GRACE = datetime.timedelta(seconds=5)


@dataclasses.dataclass
class Record:
    """One record of a log: a line and what is indented or printed below it."""

    time: datetime.datetime
    level: str
    logger: str
    text: str


def records(path):
    """Yield the Records of a log file."""
    current = None
    for line in path.read_text(errors="replace").splitlines():
        match = RECORD.match(line)
        if match:
            if current:
                yield current
            moment = datetime.datetime.strptime(match["time"], "%Y-%m-%d %H:%M:%S")
            moment += datetime.timedelta(milliseconds=int(match["ms"]))
            current = Record(moment, match["level"], match["logger"], line)
        elif current:
            current.text += "\n" + line
    if current:
        yield current


def is_complaint(record):
    """Tell whether a record is a complaint of our code, or about its demo data."""
    if record.level not in COMPLAINTS:
        return False
    if DEMO_FAILED.search(record.text):
        return True
    text = PASSED_THROUGH.sub("", record.text)
    return record.logger.startswith("odoo.addons.dist_integration") or bool(OURS.search(text))


def complaints(paths, journal=()):
    """Return texts on the complaints in logs that no test announced.

    :param journal: what `read_journal` gives
    """
    found = []
    for path in paths:
        for record in records(path):
            if is_complaint(record) and not _announced(record, journal):
                found.append(f"{path.name}: {_during(record, journal)}{_excerpt(record)}")
    return found


def read_journal(path):
    """Return the tests that ran: dicts of name, start, end, and announced patterns."""
    if not path.exists():
        return []
    tests = [json.loads(line) for line in path.read_text().splitlines()]
    for test in tests:
        for name in ("start", "end"):
            test[name] = datetime.datetime.fromisoformat(test[name])
    return tests


def _announced(record, journal):
    """Tell whether a test that ran at that moment announced the record."""
    return any(
        test["start"] - GRACE <= record.time <= test["end"] + GRACE
        and any(re.search(pattern, record.text) for pattern in test["patterns"])
        for test in journal
    )


def _during(record, journal):
    """Return words on the test that ran when a record was written."""
    for test in journal:
        if test["start"] <= record.time <= test["end"]:
            return f"during {test['name']}: "
    return ""


def _excerpt(record):
    """Return a record's first and last lines."""
    lines = record.text.splitlines()
    return "\n    ".join(lines[:1] + lines[1:][-6:])
