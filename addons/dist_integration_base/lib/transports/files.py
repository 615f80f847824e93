"""Exchanging files: how one is written, found, claimed and put away, whatever the file system.

Out: a file is written under a temporary name and renamed when it is complete, so nobody reads half of one; its
name is the same at every attempt, so a repeated delivery replaces itself.

In: a file is claimed by renaming it into the folder ``work``, stored by the caller, then moved to the archive. A
file that a killed worker left in ``work`` is taken first: it is stored again under the same key, which is
recognised, and archived.

One file never holds up the others. A name that is no readable text is put aside, into the folder for errors; what
cannot be read or moved, or is for nobody any more, stays where it is and is told of once the others are taken; what
somebody else took away is passed over.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import ConfigurationError, FileGone, InvalidRequest, Refused
from .base import Batch, FileBody, Item, Outgoing, Result, Session, Source, fill

WORK = "work"
# seconds by which the clock of the server that writes files may be ahead of ours
CLOCK_AHEAD = 300
# names that senders give to files that are not complete yet
UNFINISHED = re.compile(r"(^\.)|(\.(tmp|part|partial|filepart|temp|crdownload)$)", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
# control characters, ends of lines, and what Python reads bytes as that are not UTF-8
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MAX_NAME = 200
# of every file system; in bytes
LONGEST_NAME = 255
TAKE_SECONDS = 15
TOLD = 5


@dataclass(frozen=True)
class Entry:
    """A file of a folder: name, size in bytes, time of the last change in Unix seconds."""

    name: str
    size: int
    changed: int


class FileStore(Protocol):
    """A file system. Paths are relative to the endpoint's directory; a failure is a DeliveryError.

    Bytes of a name that are not UTF-8 are surrogates, as in Python's own file names (PEP 383).
    """

    def list(self, folder: str) -> list[Entry]:
        """Return the regular files of a folder."""

    def get(self, path: str, limit: int) -> bytes:
        """Return the content, at most *limit* bytes.

        :raises FileGone: the file is not there any more
        """

    def put(self, path: str, body: bytes | FileBody) -> None:
        """Write a new file completely."""

    def claim(self, path: str, target: str) -> None:
        """Rename a file that others may want to rename too, in one step: one of them does.

        :raises FileGone: the file is not there any more
        """

    def replace(self, path: str, target: str) -> None:
        """Rename, over an existing file if there is one; in one step where the file system can.

        :raises FileGone: the file is not there any more
        """

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


def readable(name: str) -> str:
    """Return a name that a partner gave as text that can be shown and stored: what cannot is escaped, as ``\\xe4`` or
    ``\\n``.
    """

    def escaped(match: re.Match) -> str:
        character = match[0]
        if "\udc80" <= character <= "\udcff":
            return f"\\x{ord(character) - 0xDC00:02x}"
        return character.encode("unicode_escape").decode()

    return _UNREADABLE.sub(escaped, name)


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
    # some servers take a backslash for a slash
    parts = name.replace("\\", "/").split("/")
    if any(part in ("", ".", "..") for part in parts) or "\x00" in name:
        raise ConfigurationError(f'"{name}" is not the name of a folder.', code="invalid_folder")


def check_places(archive: str, error: str) -> None:
    """Check where files go that were taken.

    :raises ConfigurationError: they would be taken again, be mixed up, or leave the directory
    """
    # not every server tells capitals from small letters
    archive, error = archive.casefold(), error.casefold()
    for name in (archive, error):
        check_folder(name)
        if name.split("/")[0] == WORK:
            raise ConfigurationError(
                f'"{WORK}" is the folder of files that are being taken; choose another one.',
                code="invalid_folder",
            )
    if archive == error:
        raise ConfigurationError(
            "Files that were stored and files that cannot be taken go to two folders.", code="invalid_folder"
        )


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
        name = safe_name(message.file_name) if message.file_name else self._get_name(message)
        if len(name.encode()) > LONGEST_NAME:
            raise InvalidRequest(f"The file name is longer than {LONGEST_NAME} bytes.")
        part = _end(f".{name}.part", LONGEST_NAME)
        try:
            store = self._get_store()
            store.put(part, message.body)
            store.replace(part, name)
        except Exception:
            self.close()
            raise
        return Result("success", excerpt=name)

    def _get_name(self, message: Outgoing) -> str:
        names = {name: safe_name(value) for name, value in message.names.items()}
        return fill(self.settings.places.file_name, names)

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
        self._failures: list[str] = []
        # names of claimed files that could not be read
        self._stuck: set[str] = set()

    def _get_store(self) -> FileStore:
        if self._store is None:
            self._store = self.settings.connect()
        return self._store

    def batches(self, wanted: Any) -> Iterator[Batch]:
        """As of the source.

        :raises ConfigurationError: files would go where they must not
        :raises Refused: when all others are taken: which files could not be
        """
        check_places(self._places.archive, self._places.error)
        store = self._get_store()
        for folder in (WORK, self._places.archive, self._places.error):
            store.make_folder(folder)
        deadline = time.monotonic() + TAKE_SECONDS
        self._failures, self._stuck = [], set()
        yield from self._resume(wanted)
        for entry in self._sorted(store.list("")):
            if time.monotonic() > deadline:
                self.unfinished = True
                break
            if self._is_ready(entry) and wanted(entry.name, "") and self._claim(entry):
                yield from self._take(entry)
        if self._failures:
            raise Refused("\n".join(self._failures[:TOLD]), code="file")

    def _resume(self, wanted: Any) -> Iterator[Batch]:
        """Yield what a killed worker had claimed."""
        for entry in self._sorted(self._get_store().list(WORK)):
            if wanted(entry.name, ""):
                yield from self._take(entry)
            else:
                self._failures.append(
                    f"{readable(_claimed(entry))}: no active inbound flow takes it any more."
                )

    @staticmethod
    def _sorted(entries: list[Entry]) -> list[Entry]:
        return sorted(entries, key=lambda entry: (entry.changed, entry.name))

    def _is_ready(self, entry: Entry) -> bool:
        age = time.time() - entry.changed
        if age < -CLOCK_AHEAD:
            # whether it is complete cannot be told, and nobody would know that it waits
            moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(entry.changed))
            self._failures.append(
                f"{readable(entry.name)}: it was changed at {moment}, which has not come yet. "
                "Is the clock of the server that wrote it right?"
            )
        return age >= self._places.quiet_seconds and not UNFINISHED.search(entry.name)

    def _claim(self, entry: Entry) -> bool:
        """Claim a file; False as of `_move`, or while another one of its name is claimed and cannot be read."""
        if entry.name in self._stuck:
            return False
        return self._move(self._get_store().claim, entry.name, _claimed(entry))

    def _move(self, rename: Callable[[str, str], None], path: str, target: str) -> bool:
        """Move a file; False when it is not there any more or cannot be moved."""
        try:
            rename(path, target)
        except FileGone as error:
            if self._is_there(path):
                folder = posixpath.dirname(target)
                self._failures.append(f"{error.detail} Is there a folder {folder} to move it to?")
            return False
        except Refused as error:
            self._failures.append(error.detail)
            return False
        return True

    def _is_there(self, path: str) -> bool:
        folder, name = posixpath.split(path)
        return any(entry.name == name for entry in self._get_store().list(folder))

    def _take(self, entry: Entry) -> Iterator[Batch]:
        """Yield a claimed file, unless it cannot be read."""
        limit = self._places.max_bytes
        try:
            body = self._get_store().get(_claimed(entry), limit + 1)
        except FileGone:
            return
        except Refused as error:
            self._failures.append(error.detail)
            self._stuck.add(entry.name)
            return
        name = readable(entry.name)
        refused = ""
        if name != entry.name:
            refused = f"{name}: the name holds characters that are no readable UTF-8."
        elif len(body) > limit:
            refused = f"{name} has more than {limit} bytes."
        digest = hashlib.sha256(name.encode() + b"/" + body).hexdigest()
        key = f"{name[:100]} {entry.changed} {len(body)} {digest[:32]}"
        item = Item(key=key, name=name, body=b"" if refused else body, refused=refused)
        # One name may come again and again: the archive keeps each under its time and content.
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(entry.changed))
        kept = _end(name.replace("\\", "_"), MAX_NAME)
        folder = self._places.error if refused else self._places.archive
        target = posixpath.join(folder, f"{stamp}-{digest[:12]}-{kept}")
        yield Batch([item], handle=(_claimed(entry), target))

    def settle(self, batch: Batch) -> None:
        self._move(self._get_store().replace, *batch.handle)

    def check(self) -> str:
        return f"{len(self._get_store().list(''))} files in the directory"

    def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()


def _claimed(entry: Entry) -> str:
    return posixpath.join(WORK, entry.name)


def _end(name: str, length: int) -> str:
    """Return the end of a name, at most so many bytes."""
    return name.encode()[-length:].decode(errors="ignore")


def names_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Return placeholder values as texts, None as an empty one."""
    return {name: "" if value is None or value is False else str(value) for name, value in values.items()}
