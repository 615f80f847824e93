"""Ports addons written in the 17.0 dialect to Odoo 19.0.

Every rule is purely syntactic.  What syntax cannot decide is marked in the source:

    code  # 19: s/old/new/            literal replacement on this line
    code  # 17-only                   the line is dropped
    # 19-only: code                   the line is uncommented
    <!-- 19-only: <xml/> -->          the XML is uncommented
    <!-- 17-only -->                  the next element is dropped

(`//` stands for `#` in JavaScript.)  A folder `<addon>/_19/` is copied over the ported
addon as it is, for files that are better replaced as a whole.
"""

import pathlib
import re
import shutil

from . import javascript, python, xml

OLD, NEW = "17.0", "19.0"
OVERLAY = "_19"
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


def port(source, target):
    """Write a ported copy of a folder of addons; `target` is made anew.

    :raises SyntaxError, lxml.etree.XMLSyntaxError: a source file is not well-formed
    """
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target, ignore=IGNORED)
    for path in sorted(target.rglob("*")):
        if path.is_file() and OVERLAY not in path.relative_to(target).parts:
            port_file(path)
    for overlay in target.glob(f"*/{OVERLAY}"):
        shutil.copytree(overlay, overlay.parent, dirs_exist_ok=True)
        shutil.rmtree(overlay)
    for migration in target.glob(f"*/migrations/{OLD}.*"):
        migration.rename(migration.with_name(port_version(migration.name)))


def port_file(path):
    """Port one file in place; kinds without a rule are left alone.

    :raises ValueError: a rule met something it cannot port; with the file's name
    """
    try:
        if path.name in ("__manifest__.py", "pyproject.toml"):
            path.write_text(port_version(path.read_text()))
        elif path.suffix == ".py":
            path.write_text(python.port(path.read_text()))
        elif path.suffix == ".xml":
            path.write_bytes(xml.port(path.read_text(), "static" in path.parts))
        elif path.suffix == ".js":
            path.write_text(javascript.port(path.read_text()))
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def port_version(text):
    """Return a text with every 17.0.x turned into 19.0.x."""
    return re.sub(rf"(?<![\w.]){re.escape(OLD)}\.", f"{NEW}.", text)


def main(arguments):
    """Port the folder named first into the folder named second."""
    source, target = map(pathlib.Path, arguments)
    port(source, target)
