"""Character sets that UNB announces (UN/EDIFACT code list 0001)."""

from __future__ import annotations

from .errors import EdiSyntaxError

DEFAULT = "utf-8"
CHARSETS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOL": "iso8859-15",
    "UNOW": "utf-8",
    "UNOY": "utf-8",
}
# UNOX switches sets by escape sequences, whose bytes look like separators.
UNSUPPORTED = {"UNOX"}


def codec_of(identifier: str) -> str:
    """Return Python's codec of a syntax identifier such as ``UNOC``; UTF-8 for one that is not known.

    :raises EdiSyntaxError: code ``unsupported_charset``
    """
    if identifier in UNSUPPORTED:
        raise EdiSyntaxError(
            f"The character set {identifier} is not supported; ask the sender for UNOC or UNOY.",
            code="unsupported_charset",
        )
    return CHARSETS.get(identifier, DEFAULT)


def decode(raw: bytes, codec: str) -> tuple[str, bool]:
    """Decode a value; ``(text, whether it was in the announced set)``.

    Senders announce UNOA and write Latin-1 or UTF-8: what is not in the set is read as UTF-8 where it is that, else as
    Latin-1, so that nothing is lost.
    """
    try:
        return raw.decode(codec), True
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("utf-8"), False
    except UnicodeDecodeError:
        return raw.decode("iso8859-1"), False
