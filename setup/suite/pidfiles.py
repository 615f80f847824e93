"""Notes on the processes this checkout started, so that `make clean` can end them."""

import json

from . import paths, processes

FOLDER = "processes"


def note(series, name, pid):
    """Note a process under a name; return the note's path."""
    path = paths.run_folder(series) / FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": pid, "started": processes.started(pid)}))
    return path


def end_all():
    """End every noted process that is still the one noted; return their names."""
    ended = []
    for path in sorted(paths.RUN.glob(f"*/{FOLDER}/*.json")):
        facts = json.loads(path.read_text())
        if facts["started"] and processes.started(facts["pid"]) == facts["started"]:
            processes.end(facts["pid"], facts["started"])
            ended.append(path.stem)
        path.unlink()
    return ended
