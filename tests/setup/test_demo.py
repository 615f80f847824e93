"""The port of the demonstration."""

import socket

from suite import demo, paths


class _Environment:
    console = None


def test_a_port_that_another_demonstration_is_about_to_take(tmp_path, monkeypatch):
    """Two demonstrations that start at once do not both take the port that is free for each."""
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    first, second = demo.Demonstration(_Environment()), demo.Demonstration(_Environment())
    assert first._claim(port)
    assert not second._claim(port)
    first.stop()
    assert second._claim(port)
    second.stop()


def test_a_port_on_which_somebody_listens(tmp_path, monkeypatch):
    """A port that is taken is not claimed."""
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not demo.Demonstration(_Environment())._claim(server.getsockname()[1])
