"""What a handler answers, and the ways it can say no."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import IntegrationError


@dataclass(frozen=True)
class ExceptionSpec:
    """An exception to open for a person.

    :param category: key of dist.exception's categories
    :param code: stable machine code, such as ``credit_limit``
    :param summary: one line for the list
    :param detail: what happened, in the words of the person who is to solve it
    :param record: business document it is about
    :param severity: low, normal, high or critical
    :param impact: as of ``_dist_get_impact``; None computes it from the record
    :param suggestion: what would solve it
    :param fingerprint: exceptions with the same one are a single row; None makes it unique to its message
    :param domain: for a missing mapping, the kind of code
    :param external_code: for a missing mapping, the code
    :param model: for a missing mapping, the model of the record to choose
    :param assignee: id of the user who is to solve it; None leaves it to the owners of flow and system
    :param clear_paths: sensitive paths whose values are told all the same: whoever decides needs them, and reads them
        on the document
    :param hidden_values: texts that are hidden like the message's own sensitive values, such as those of the record
    :param candidates: records of which one is meant; who may read them sees them in clear
    """

    category: str
    code: str
    summary: str
    detail: str = ""
    record: Any = None
    severity: str = "normal"
    impact: dict | None = None
    suggestion: str = ""
    fingerprint: str | None = None
    domain: str | None = None
    external_code: str | None = None
    model: str | None = None
    assignee: int | None = None
    clear_paths: tuple[str, ...] = ()
    hidden_values: frozenset[str] = frozenset()
    candidates: Any = None


@dataclass(frozen=True)
class HandlerResult:
    """Outcome of an applied message.

    :param answer: dict for the caller, valid against the type's answer schema
    :param record: business document, links the message to it
    :param status: HTTP status of the answer
    :param exceptions: opened in the same transaction as the effect
    """

    answer: dict
    record: Any = None
    status: int = 200
    exceptions: list[ExceptionSpec] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """How far the work is that an applied message has started.

    :param status: in_progress, waiting (for a person), succeeded, failed or cancelled
    :param document: the answer once it succeeded; detail of the problem once it failed; None while it is under way
    :param code: stable machine code of what failed
    :param percent: 0 to 100
    :param stage: what is being done, for a person
    """

    status: str
    document: Any = None
    code: str = ""
    percent: float = 0.0
    stage: str = ""


class ApplyError(IntegrationError):
    """The message cannot be applied; nothing of its effect is kept.

    :param code: stable machine code
    :param detail: sentence for the caller and for the person who solves the exception
    :param pointer: JSON pointer (RFC 6901) of what is wrong in the payload
    :param status: HTTP status of the answer
    :param suggestion: what would solve it
    :param severity: severity of the exception
    :param open_exception: False when the caller alone must act
    :param summary: one line for the list of exceptions, detail when left out
    :param record: business document the exception is about
    """

    category = "business"
    message_state = "dead"

    def __init__(
        self,
        code: str,
        detail: str,
        pointer: str = "",
        *,
        status: int = 422,
        suggestion: str = "",
        severity: str = "normal",
        open_exception: bool = True,
        summary: str = "",
        record: Any = None,
        errors: list[dict] | None = None,
    ) -> None:
        super().__init__(detail, code=code)
        self.pointer = pointer
        self.status = status
        self.suggestion = suggestion
        self.severity = severity
        self.open_exception = open_exception
        self.summary = summary or detail
        self.record = record
        self.errors = errors or [{"pointer": pointer, "code": code, "detail": detail}]

    def get_exceptions(self) -> list[ExceptionSpec]:
        """The exceptions to open, for each thing that somebody has to settle."""
        spec = self.get_exception()
        return [spec] if spec else []

    def get_exception(self) -> ExceptionSpec | None:
        """The exception to open, None when nobody here has to act."""
        if not self.open_exception:
            return None
        return ExceptionSpec(
            category=self.category,
            code=self.code,
            summary=self.summary,
            detail=self.detail,
            record=self.record,
            severity=self.severity,
            suggestion=self.suggestion,
        )


class BusinessError(ApplyError):
    """A business rule says no."""


class AmbiguousMatch(ApplyError):
    """Several records could be meant; a person chooses. The message waits.

    :param candidates: those records
    """

    category = "identity"
    message_state = "error"

    def __init__(
        self, code: str, detail: str, pointer: str = "", *, candidates: Any = None, **options: Any
    ) -> None:
        options.setdefault("status", 202)
        super().__init__(code, detail, pointer, **options)
        self.candidates = candidates

    def get_exception(self) -> ExceptionSpec | None:
        spec = super().get_exception()
        return spec and replace(spec, candidates=self.candidates)


class OwnershipConflict(ApplyError):
    """The message changes what another system owns.

    :param waits: True when a person may still decide to apply it: the message waits instead of being refused
    :param assignee: id of the data steward
    :param hidden_values: as of `ExceptionSpec`
    """

    category = "ownership"

    def __init__(
        self,
        code: str,
        detail: str,
        pointer: str = "",
        *,
        waits: bool = False,
        assignee: int | None = None,
        hidden_values: frozenset[str] = frozenset(),
        **options: Any,
    ) -> None:
        options.setdefault("status", 202 if waits else 409)
        super().__init__(code, detail, pointer, **options)
        self.message_state = "error" if waits else "dead"
        self.assignee = assignee
        self.hidden_values = hidden_values

    def get_exception(self) -> ExceptionSpec | None:
        spec = super().get_exception()
        return spec and replace(spec, assignee=self.assignee, hidden_values=self.hidden_values)


class MissingMapping(ApplyError):
    """An external code or id means nothing here yet. The message waits until a person says what it means.

    :param domain: kind of code, such as ``unit`` or ``product``
    :param external_code: the code
    :param pointer: JSON pointer of the code in the payload
    :param model: model of the record it should lead to; None for a plain value
    """

    category = "mapping"
    message_state = "error"

    def __init__(
        self,
        domain: str,
        external_code: str,
        pointer: str,
        detail: str = "",
        *,
        model: str | None = None,
        **options: Any,
    ) -> None:
        self.domain = domain
        self.external_code = external_code
        self.model = model
        options.setdefault("status", 202)
        detail = detail or f"The {domain} code {external_code!r} is not known here."
        super().__init__(f"unknown_{domain}", detail, pointer, **options)

    def get_exception(self) -> ExceptionSpec:
        return ExceptionSpec(
            category=self.category,
            code=self.code,
            summary=self.summary,
            detail=self.detail,
            severity=self.severity,
            suggestion=self.suggestion,
            fingerprint=f"{self.domain}/{self.external_code}",
            domain=self.domain,
            external_code=self.external_code,
            model=self.model,
        )


class MissingMappings(MissingMapping):
    """Several external codes mean nothing here yet. The message waits until a person has said what each means.

    :param faults: list of MissingMapping; the same code may be in several places
    """

    def __init__(self, faults: list[MissingMapping]) -> None:
        first = faults[0]
        super().__init__(
            first.domain,
            first.external_code,
            first.pointer,
            " ".join(dict.fromkeys(fault.detail for fault in faults)),
            model=first.model,
            errors=[error for fault in faults for error in fault.errors],
        )
        self.faults = faults

    def get_exceptions(self) -> list[ExceptionSpec]:
        specs = [fault.get_exception() for fault in self.faults]
        return list({spec.fingerprint: spec for spec in reversed(specs)}.values())[::-1]


class MissingCodes:
    """Gathers the codes of a message that mean nothing here yet, so that all of them are told at once."""

    def __init__(self) -> None:
        self.faults: list[MissingMapping] = []

    @contextmanager
    def gathered(self) -> Iterator[None]:
        try:
            yield
        except MissingMapping as fault:
            self.faults += fault.faults if isinstance(fault, MissingMappings) else [fault]

    def check(self) -> None:
        """:raises MissingMapping: a code was missing"""
        if self.faults:
            raise MissingMappings(self.faults) if len(self.faults) > 1 else self.faults[0]


class RetryLater(IntegrationError):
    """Not now: something needed is busy. The message is tried again by itself."""

    code = "busy"
