"""Figures in the text format that Prometheus scrapes (version 0.0.4)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METRIC = re.compile(r"dist_[a-z][a-z0-9_]*\Z")
_LABEL = re.compile(r"[a-z][a-z0-9_]*\Z")
_SUFFIXES = {"counter": "_total"}


@dataclass
class Metric:
    """A metric with its samples.

    :param kind: counter, gauge or histogram
    :raises ValueError: its name is not as Prometheus' conventions ask
    """

    name: str
    kind: str
    description: str
    samples: list[tuple[str, dict[str, str], float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not _METRIC.fullmatch(self.name) or not self.name.endswith(_SUFFIXES.get(self.kind, "")):
            raise ValueError(self.name)

    def add(self, value: float, **labels: str | None) -> None:
        """Add a sample of a counter or gauge."""
        self.samples.append(("", _clean(labels), value))

    def add_histogram(self, counts: Mapping[int, int], seconds: float, **labels: str | None) -> None:
        """Add a histogram.

        :param counts: number by bucket of ``histogram.BOUNDS``
        :param seconds: sum of all durations
        """
        cleaned = _clean(labels)
        for bound, number in histogram.cumulate(counts):
            self.samples.append(("_bucket", {**cleaned, "le": bound}, number))
        self.samples.append(("_sum", cleaned, seconds))
        self.samples.append(("_count", cleaned, sum(counts.values())))


def _clean(labels: Mapping[str, str | None]) -> dict[str, str]:
    for name in labels:
        if not _LABEL.fullmatch(name) or name == "le":
            raise ValueError(name)
    return {name: "" if value is None else str(value) for name, value in labels.items()}


def render(metrics: Iterable[Metric]) -> bytes:
    """Return metrics as the text of an answer."""
    lines: list[str] = []
    for metric in metrics:
        lines.append(f"# HELP {metric.name} {_escape(metric.description)}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        lines += [
            f"{metric.name}{suffix}{_labels(labels)} {_number(value)}"
            for suffix, labels, value in metric.samples
        ]
    return "".join(line + "\n" for line in lines).encode()


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escape(value, quotes=True)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escape(text: str, quotes: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))
