"""Exchanging files: how one is written, found, claimed and put away, whatever the file system.

Out: a file is written under a temporary name and renamed when it is complete, so nobody reads half of one; its
name is the same at every attempt, so a repeated delivery replaces itself.

In: a file is claimed by renaming it into the folder ``work``, stored by the caller, then moved to the archive. A
file that a killed worker left in ``work`` is taken first: it is stored again under the same key, which is
recognised, and archived.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import ConfigurationError, InvalidRequest
from .base import Batch, Item, Outgoing, Result, Session, Source, fill

WORK = "work"
# names that senders give to files that are not complete yet
UNFINISHED = re.compile(r"(^\.)|(\.(tmp|part|partial|filepart|temp|crdownload)$)", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
MAX_NAME = 200
TAKE_SECONDS = 15


@dataclass(frozen=True)
class Entry:
    """A file of a folder: name, size in bytes, time of the last change in Unix seconds."""

    name: str
    size: int
    changed: int


class FileStore(Protocol):
    """A file system. Paths are relative to the endpoint's directory; a failure is a DeliveryError."""

    def list(self, folder: str) -> list[Entry]:
        """Return the regular files of a folder."""

    def get(self, path: str, limit: int) -> bytes:
        """Return the content, at most *limit* bytes."""

    def put(self, path: str, body: bytes) -> None:
        """Write a new file completely."""

    def replace(self, path: str, target: str) -> None:
        """Rename, over an existing file if there is one, in one step."""

    def claim(self, path: str, target: str) -> bool:
        """Rename; False when the file is not there any more."""

    def make_folder(self, path: str) -> None:
        """Make a folder unless it is there."""

    def close(self) -> None:
        """Close the connection."""


@dataclass(frozen=True)
class Places:
    """Where files go and how they are called.

    :ivar file_name: template of outgoing files
    :ivar archive: folder for files that were stored
    :ivar error: folder for files that cannot be taken
    :ivar max_bytes: of one file
    :ivar quiet_seconds: how long a file must not have changed before it is taken
    """

    file_name: str = "{type}-{id}.json"
    archive: str = "archive"
    error: str = "error"
    max_bytes: int = 10_000_000
    quiet_seconds: float = 5


def safe_name(text: str) -> str:
    """Return *text* as a file name that every system takes and that stays in its folder."""
    return _UNSAFE.sub("_", text).strip("._")[:MAX_NAME] or "_"


def check_template(template: str) -> None:
    """Check a template for file names.

    :raises ConfigurationError: two messages could get one name, or the name leads out of the folder
    """
    if "{id}" not in template:
        raise ConfigurationError(
            "The file name holds {id}: otherwise a file could replace another.", code="invalid_template"
        )
    if "/" in template or "\\" in template or template.startswith("."):
        raise ConfigurationError("A file name has no slash and no dot in front.", code="invalid_template")


def check_folder(name: str) -> None:
    """:raises ConfigurationError: the name of a folder leads out of its directory"""
    parts = name.split("/")
    if not name or name.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\x00" in name:
        raise ConfigurationError(f'"{name}" is not the name of a folder.', code="invalid_folder")


class FileSession(Session):
    """Writes each message as a file.

    :param settings: with ``places`` and ``connect()``, which returns a FileStore
    """

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self._store: Any = None

    def _get_store(self) -> FileStore:
        if self._store is None:
            self._store = self.settings.connect()
        return self._store

    def _send(self, message: Outgoing) -> Result:
        names = {name: safe_name(value) for name, value in message.names.items()}
        name = fill(self.settings.places.file_name, names)
        if len(name) > 255:
            raise InvalidRequest("The file name is longer than 255 characters.")
        try:
            store = self._get_store()
            store.put(f".{name}.part"[-255:], message.body)
            store.replace(f".{name}.part"[-255:], name)
        except Exception:
            self.close()
            raise
        return Result("success", excerpt=name)

    def check(self) -> str:
        return f"{len(self._get_store().list(''))} files in the directory"

    def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()


class FileSource(Source):
    """Takes files one by one, the oldest first."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self._places: Places = settings.places
        self._store: Any = None

    def _get_store(self) -> FileStore:
        if self._store is None:
            self._store = self.settings.connect()
        return self._store

    def batches(self, wanted: Any) -> Iterator[Batch]:
        store = self._get_store()
        for folder in (WORK, self._places.archive, self._places.error):
            store.make_folder(folder)
        deadline = time.monotonic() + TAKE_SECONDS
        for entry in self._sorted(store.list(WORK)):
            yield self._take(entry)
        for entry in self._sorted(store.list("")):
            if time.monotonic() > deadline:
                self.unfinished = True
                return
            if self._is_ready(entry) and wanted(entry.name, ""):
                if store.claim(entry.name, posixpath.join(WORK, entry.name)):
                    yield self._take(entry)

    @staticmethod
    def _sorted(entries: list[Entry]) -> list[Entry]:
        return sorted(entries, key=lambda entry: (entry.changed, entry.name))

    def _is_ready(self, entry: Entry) -> bool:
        quiet = time.time() - entry.changed >= self._places.quiet_seconds
        return quiet and not UNFINISHED.search(entry.name)

    def _take(self, entry: Entry) -> Batch:
        limit = self._places.max_bytes
        body = self._get_store().get(posixpath.join(WORK, entry.name), limit + 1)
        digest = hashlib.sha256(body).hexdigest()
        key = f"{entry.name[:100]} {entry.changed} {len(body)} {digest[:32]}"
        refused = f"{entry.name} has more than {limit} bytes." if len(body) > limit else ""
        item = Item(key=key, name=entry.name, body=b"" if refused else body, refused=refused)
        # One name may come again and again: the archive keeps each under its time and content.
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(entry.changed))
        return Batch([item], handle=f"{stamp}-{digest[:12]}-{entry.name[-200:]}")

    def settle(self, batch: Batch) -> None:
        item = batch.items[0]
        folder = self._places.error if item.refused else self._places.archive
        self._get_store().replace(posixpath.join(WORK, item.name), posixpath.join(folder, batch.handle))

    def check(self) -> str:
        return f"{len(self._get_store().list(''))} files in the directory"

    def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()


def names_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Return placeholder values as texts, None as an empty one."""
    return {name: "" if value is None or value is False else str(value) for name, value in values.items()}
