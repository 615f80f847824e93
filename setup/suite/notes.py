"""Notes in `.run` on what this checkout started, so that `make clean` can undo it."""

import json
import os

from . import paths, processes

PROCESSES = "processes"
ENVIRONMENT = "environment.json"


def process(series, name, pid):
    """Note a process under a name; return the note's path."""
    path = paths.run_folder(series) / PROCESSES / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": pid, "started": processes.started(pid)}))
    return path


def end_processes():
    """End every noted process that is still the one noted; return their names."""
    ended = []
    for path in sorted(paths.RUN.glob(f"*/{PROCESSES}/*.json")):
        try:
            facts = json.loads(path.read_text())
        except FileNotFoundError:
            continue  # what was ended before took it along
        alive = facts["started"] and processes.started(facts["pid"]) == facts["started"]
        if alive and facts["pid"] != os.getpid():
            processes.end(facts["pid"], facts["started"])
            ended.append(path.stem)
        path.unlink(missing_ok=True)
    return ended


def environment(series, python, prefix, named_server):
    """Note where a series' databases are.

    :param prefix: how their names start
    :param named_server: words on a server that is not ours; None for a private one
    """
    facts = {"python": python, "prefix": prefix, "named_server": named_server}
    (paths.run_folder(series) / ENVIRONMENT).write_text(json.dumps(facts))


def environments():
    """Yield (series, facts) of every noted environment."""
    for path in paths.RUN.glob(f"*/{ENVIRONMENT}"):
        yield path.parent.name, json.loads(path.read_text())
