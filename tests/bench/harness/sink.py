"""A web server that says yes to everything, in a process of its own: as cheap as it gets in Python.

Started as a script it prints its port and serves until its standard input is closed.
"""

import asyncio
import subprocess
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
LENGTH = b"content-length:"


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (size := self._request_size()) is not None and len(self._waiting) >= size:
            self._waiting = self._waiting[size:]
            self._transport.write(ANSWER)

    def _request_size(self) -> int | None:
        """Return the size of the first request, None before its head is complete."""
        end = self._waiting.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self._waiting[:end].lower()
        at = head.find(LENGTH)
        length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return end + 4 + length


class Sink:
    """The server, started and stopped from another process."""

    def __enter__(self) -> "Sink":
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/hook"
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.communicate()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
