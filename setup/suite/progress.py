"""How far a long installation is, read from what Odoo writes into its log."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOADING = re.compile(r"Loading module (\S+) \((\d+)/(\d+)\)")
SECONDS = 15


@contextmanager
def told(say: Callable[[str], None], log: Path, seconds: float = SECONDS) -> Iterator[None]:
    """Say now and then which module Odoo is at.

    :param say: takes a line of text
    :param log: file that Odoo writes meanwhile
    """
    is_over = threading.Event()

    def tell() -> None:
        while not is_over.wait(seconds):
            found = LOADING.findall(log.read_text(errors="replace")) if log.exists() else []
            if found:
                module, number, total = found[-1]
                say(f"module {number} of {total}, {module}")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join()
