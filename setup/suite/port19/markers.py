"""Marks in the source for what syntax cannot decide; see the package's page."""

import re


def apply(text, comment="#"):
    """Return a text with its line marks carried out.

    :param comment: how a comment starts
    """
    lines = (_line(line, re.escape(comment)) for line in text.split("\n"))
    return "\n".join(line for line in lines if line is not None)


def _line(line, comment):
    """Return one line as it reads in 19.0, None to drop it."""
    if re.search(rf"{comment}\s*17-only\s*$", line):
        return None
    only = re.match(rf"(\s*){comment}\s*19-only: ?(.*)$", line)
    if only:
        line = only[1] + only[2]
    replaced = re.search(rf"\s*{comment}\s*19: s/(.*?)/(.*?)/\s*$", line)
    if replaced:
        line = line[: replaced.start()].replace(replaced[1], replaced[2])
    return line
