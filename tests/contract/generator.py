"""Runs schemathesis over a served OpenAPI document."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite import lint
from suite.console import Console

HERE = Path(__file__).resolve().parent
# one request, on a busy machine whose workers are at bulks of a thousand items
REQUEST_SECONDS = 180


@dataclass
class Outcome:
    """What a run found.

    :ivar failed: whether there was a failure, or the run itself broke
    :ivar output: what schemathesis printed: every failure with a command that repeats it
    :ivar operations: how many operations there are (``total``) and were called (``tested``)
    """

    failed: bool
    output: str
    operations: dict[str, Any]


def generate(
    document: str,
    keys: Mapping[str, str],
    folder: Path,
    known: Mapping[str, str] | None = None,
    url: str | None = None,
    seed: int = 1,
    examples: int = 10,
    phases: str = "examples,fuzzing",
    options: tuple[str, ...] = (),
) -> Outcome:
    """Call every operation with data that fits and data that does not; check what is answered.

    :param document: URL of the OpenAPI document, or path of a file
    :param keys: API key by tag of the operations; the empty tag for all others
    :param folder: for what is written on the way
    :param known: documents that exist, by the name under which a path or a body refers to them
    :param url: root of the server, when the document is a file
    :param seed: makes the same calls again
    :param examples: how many calls the fuzzing phase makes of each operation
    :param phases: of schemathesis: examples, coverage, fuzzing, stateful
    :param options: more options for it
    """
    folder.mkdir(parents=True, exist_ok=True)
    guide, report = folder / "guide.json", folder / "report.json"
    report.unlink(missing_ok=True)
    guide.write_text(json.dumps({"keys": dict(keys), "known": dict(known or {})}))
    guide.chmod(0o600)
    command = [str(lint.tools(Console(quiet=True)) / "schemathesis")]
    command += ["--config-file", str(HERE / "schemathesis.toml"), "run", document]
    command += ["--url", url] if url else []
    command += ["--phases", phases, "--max-examples", str(examples), "--seed", str(seed)]
    command += ["--workers", "2", "--request-timeout", str(REQUEST_SECONDS), "--max-redirects", "0"]
    # no text of the API holds U+0000; a busy machine is slow
    command += ["--generation-allow-x00", "false", "--suppress-health-check", "all"]
    command += ["--continue-on-failure", "--no-shrink", "--generation-database", "none", "--warnings", "off"]
    command += ["--report", "json", "--report-json-path", str(report), "--no-color", *options]
    variables = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        command, cwd=folder, env={**variables, "CONTRACT_GUIDE": str(guide)}, capture_output=True, text=True
    )
    guide.unlink()
    operations = json.loads(report.read_text())["operations"] if report.exists() else {}
    return Outcome(done.returncode != 0, done.stdout + done.stderr, operations)
