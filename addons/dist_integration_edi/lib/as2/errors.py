"""Why a message or a receipt cannot be taken, in the words of RFC 4130, 7.5."""

from __future__ import annotations

# what is no error of this message, but of what the two sides agreed on (RFC 4130, 7.5.4)
FAILURES = ("unsupported format", "unsupported MIC-algorithms")
SEALED = "The message cannot be decrypted, or is not signed as agreed."


class As2Error(Exception):
    """
    :param code: what stands behind the colon of a disposition, such as ``decryption-failed``
    :param detail: a sentence for a person
    :ivar is_sealed: the sender does not hear it, see :meth:`told`
    """

    is_sealed = False

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail

    @property
    def told(self) -> As2Error:
        """What the sender hears: whatever is wrong with an encrypted message, one answer. Different ones would let a
        stranger who changes the bytes of somebody's message find out what it says (a padding oracle).
        """
        return As2Error("decryption-failed", SEALED) if self.is_sealed else self

    @property
    def disposition(self) -> str:
        """The disposition type of a receipt, with its modifier."""
        kind = "failed/failure" if self.code in FAILURES else "processed/error"
        return f"{kind}: {self.code}"
