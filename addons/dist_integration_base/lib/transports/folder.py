"""A folder of this server, below the one base folder that the server's configuration opens."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigurationError, FileGone, Refused
from .base import FileBody, write_body
from .files import Entry, FileSession, FileSource, Places, check_folder, readable


@dataclass(frozen=True)
class FolderSettings:
    """
    :ivar base: absolute path that the server's configuration names; empty when it names none
    :ivar directory: relative to base
    """

    base: str
    directory: str
    places: Places = field(default_factory=Places)

    def open(self) -> FileSession:
        """Return a session that writes files."""
        return FileSession(self)

    def open_source(self, _state: Mapping[str, Any]) -> FileSource:
        """Return a source that takes files."""
        return FileSource(self)

    def connect(self) -> LocalStore:
        """Return the store.

        :raises ConfigurationError: no base folder is configured, or the directory leads out of it
        """
        if not self.base:
            raise ConfigurationError(
                "Folders are not opened on this server: set folder_base in the section "
                "[dist_integration] of its configuration.",
                code="no_folder_base",
            )
        check_folder(self.directory)
        base = os.path.realpath(self.base)
        path = os.path.realpath(os.path.join(base, self.directory))
        # a link on the way may lead anywhere
        if os.path.commonpath([base, path]) != base or path == base:
            raise ConfigurationError("The directory leads out of the base folder.", code="invalid_folder")
        return LocalStore(path)


class LocalStore:
    """FileStore on the local disk.

    The directory is opened once and all names are looked up below it, so that a link put in its place later leads
    nowhere.
    """

    def __init__(self, path: str) -> None:
        with _translated("the directory"):
            self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)

    @contextmanager
    def _folder(self, path: str) -> Iterator[tuple[int, str]]:
        """Open the folder of a path without following a link; yields (descriptor, name in it).

        :raises ConfigurationError: the path leads up
        """
        if ".." in path.split("/"):
            raise ConfigurationError(f"{readable(path)} leads out of the directory.", code="invalid_folder")
        folder, _, name = path.rpartition("/")
        opened = [self._root]
        try:
            for part in filter(None, folder.split("/")):
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                opened.append(os.open(part, flags, dir_fd=opened[-1]))
            yield opened[-1], name
        finally:
            for descriptor in opened[1:]:
                os.close(descriptor)

    def list(self, folder: str) -> list[Entry]:
        entries = []
        with (
            _translated(folder or "the directory"),
            self._folder(posixpath.join(folder, "")) as (
                descriptor,
                _name,
            ),
        ):
            for found in os.scandir(descriptor):
                try:
                    facts = found.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(facts.st_mode):
                    entries.append(Entry(found.name, facts.st_size, int(facts.st_mtime)))
        return entries

    def get(self, path: str, limit: int) -> bytes:
        with _translated(path), self._folder(path) as (descriptor, name):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            with os.fdopen(os.open(name, flags, dir_fd=descriptor), "rb") as file:
                return file.read(limit)

    def put(self, path: str, body: bytes | FileBody) -> None:
        with _translated(path), self._folder(path) as (descriptor, name):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with os.fdopen(os.open(name, flags, 0o660, dir_fd=descriptor), "wb") as file:
                write_body(file, body)
                file.flush()
                os.fsync(file.fileno())

    def claim(self, path: str, target: str) -> None:
        self.replace(path, target)

    def replace(self, path: str, target: str) -> None:
        with _translated(path), self._folder(path) as source, self._folder(target) as goal:
            os.replace(source[1], goal[1], src_dir_fd=source[0], dst_dir_fd=goal[0])
            # the name is kept once the folder itself is on the disk
            os.fsync(goal[0])

    def make_folder(self, path: str) -> None:
        parts = path.split("/")
        with _translated(path):
            for end in range(1, len(parts) + 1):
                with self._folder("/".join(parts[:end])) as (descriptor, name):
                    try:
                        os.mkdir(name, 0o770, dir_fd=descriptor)
                    except FileExistsError:
                        if not stat.S_ISDIR(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                            raise

    def close(self) -> None:
        os.close(self._root)


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: str, error: OSError) -> Refused:
    kind = FileGone if isinstance(error, FileNotFoundError) else Refused
    return kind(f"{readable(path)}: {error.strerror or error}", code="file")
