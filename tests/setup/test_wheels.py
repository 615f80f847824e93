"""Every addon builds into a wheel that carries all its files."""

import shutil
import zipfile

import pytest
from suite import lint
from suite.commands import run
from suite.console import Console

NOT_SHIPPED = {"pyproject.toml"}


@pytest.fixture(scope="module")
def tools():
    """The folder of programs that build wheels."""
    return lint.tools(Console(quiet=True))


def files(addon):
    """Return the names of an addon's files, as a checkout has them."""
    found = (path for path in addon.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(addon)) for path in found}


@pytest.mark.parametrize("addon", lint.addons(), ids=lambda path: path.name)
def test_wheel_is_complete(addon, tools, tmp_path):
    """O2: every addon builds as a wheel, and what is installed from it is the whole addon."""
    assert (addon / "pyproject.toml").exists(), "an addon is built by its pyproject.toml"
    source = tmp_path / addon.name
    shutil.copytree(addon, source, ignore=shutil.ignore_patterns("__pycache__"))
    # a dependency that is not here must not be fetched: nothing is isolated or resolved
    build = [tools / "python", "-m", "build", "--wheel", "--no-isolation"]
    run([*build, "--outdir", tmp_path / "dist", source], env={"PATH": str(tools) + ":/usr/bin:/bin"})
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    target = tmp_path / "installed"
    run(
        [tools / "python", "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", target, wheel]
    )
    installed = target / "odoo" / "addons" / addon.name
    assert files(addon) - NOT_SHIPPED <= files(installed)
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if "__pycache__" in name]
