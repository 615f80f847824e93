"""Notes on processes, from which `make clean` ends them."""

import subprocess
import sys

from suite import notes, paths, processes


def test_one_takes_the_notes_of_others_along(tmp_path, monkeypatch):
    """A demonstration that is ended ends its partners itself: their notes are gone before their turn comes."""
    monkeypatch.setattr(paths, "RUN", tmp_path)
    monkeypatch.setattr(paths, "run_folder", lambda series: tmp_path / series)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as owner:
        notes.process("17.0", "demo", owner.pid)
        partner = notes.process("17.0", "shop", owner.pid)

        def end(_pid, _since):
            partner.unlink()
            owner.kill()

        monkeypatch.setattr(processes, "end", end)
        assert notes.end_processes() == ["demo"]
    assert not list(tmp_path.glob("*/processes/*"))
