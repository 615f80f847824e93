"""A planning platform that exchanges files with the distributor through two folders, as its own software would.

It shares no code with the distributor's side: it trusts a list of files only as far as their checksums agree.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


class PlanningPlatform:
    """A platform with a folder for what it is told and one for what it plans.

    :param folder: holds both
    """

    def __init__(self, folder: Path) -> None:
        self.inbox, self.outbox = folder / "to_platform", folder / "from_platform"
        for path in (self.inbox, self.outbox):
            path.mkdir(parents=True)
        self._sent: dict[str, bytes] = {}

    # ---- what it is told

    def told(self, message_type: str) -> list[dict[str, Any]]:
        """Return the documents of a kind that came."""
        return [json.loads(path.read_text()) for path in sorted(self.inbox.glob(f"{message_type}-*.json"))]

    def exports(self) -> dict[str, dict[str, Any]]:
        """Return the lists of files of the exports that are there as a whole, by the number of the export."""
        return {listed["export"]: listed for listed in self.told("planning.export.completed")}

    def read(self, export: dict[str, Any], dataset: str) -> list[dict[str, Any]]:
        """Read a file of an export.

        :param export: its list of files
        :raises ValueError: the file is not the one that the list speaks of
        """
        (entry,) = (file for file in export["files"] if file["dataset"] == dataset)
        content = (self.inbox / entry["name"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise ValueError(f"{entry['name']} is another file than the one in the list")
        rows = [json.loads(line) for line in gzip.decompress(content).splitlines()]
        if len(rows) != entry["rows"]:
            raise ValueError(f"{entry['name']} has {len(rows)} rows, the list says {entry['rows']}")
        return rows

    # ---- what it plans

    def send(self, plan: str, **rows_by_kind: Iterable[dict[str, Any]]) -> None:
        """Put the files of a plan into the folder, and at last their manifest.

        :param rows_by_kind: ``forecast``, ``parameter``, ``proposal``, ``alert``
        """
        listed = []
        for kind, found in rows_by_kind.items():
            rows = list(found)
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            content = gzip.compress(text.getvalue().encode(), mtime=0)
            name = f"{plan}_{kind}.csv.gz"
            self._put(name, content)
            checksum = hashlib.sha256(content).hexdigest()
            listed.append({"name": name, "kind": kind, "rows": len(rows), "sha256": checksum})
        moment = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        manifest = {"plan": plan, "planned_at": moment, "files": listed}
        self._put(f"{plan}_manifest.json", json.dumps(manifest).encode())

    def send_again(self) -> None:
        """Put every file into the folder once more, as it was."""
        for name, content in list(self._sent.items()):
            self._put(name, content)

    def _put(self, name: str, content: bytes) -> None:
        unfinished = self.outbox / f".{name}"
        unfinished.write_bytes(content)
        unfinished.rename(self.outbox / name)
        self._sent[name] = content
