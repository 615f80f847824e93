"""Interleaved sampling: what else the machine does meets every contender alike."""

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

Name = TypeVar("Name")
STARTED = time.monotonic()
RESAMPLES = 2000
TAIL = 0.05


@dataclass(frozen=True)
class Ratio:
    """How often as long one contender takes, and the interval that holds it with 90 %."""

    value: float
    low: float
    high: float


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def interleave(
    contenders: dict[Name, Callable[[], float]],
    rounds: int,
    warmups: int = 1,
    settled: bool = True,
) -> dict[Name, list[float]]:
    """Sample contenders in turn, every other round in the opposite order (A B B A A B ...).

    :param contenders: each returns one sample
    :param warmups: rounds whose samples are thrown away
    :param settled: no garbage is collected within samples; False where one contender works here and the other
        in a server, which always collects its own
    :return: the samples of each, in the order of the rounds
    """
    samples: dict[Name, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    with _settled_memory() if settled else nullcontext():
        for number in range(-warmups, rounds):
            for name in names if number % 2 == 0 else reversed(names):
                gc.collect()
                sample = contenders[name]()
                if number >= 0:
                    samples[name].append(sample)
    return samples


@contextmanager
def _settled_memory() -> Iterator[None]:
    """Collect garbage between samples only, as timeit does: whom it would meet is chance. What is there before is
    not looked at again, so that collecting is quick.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def ratio(upper: Sequence[float], lower: Sequence[float]) -> Ratio:
    """Return the median of the rounds' ratios, with a bootstrap interval.

    Samples of one round met the same machine, which is a fifth slower at one time than at another: the medians of all
    samples of each contender differ by that as well.
    """
    ratios = [above / below for above, below in zip(upper, lower, strict=True)]
    chance = random.Random(len(ratios))
    medians = (statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    values = sorted(medians)
    cut = int(RESAMPLES * TAIL)
    return Ratio(statistics.median(ratios), values[cut], values[-cut - 1])


def milliseconds(samples: Sequence[float]) -> str:
    """Return a median as text."""
    return f"{statistics.median(samples) * 1000:.1f} ms"


def say(text: str) -> None:
    """Tell the person who waits."""
    print(f"[bench {time.monotonic() - STARTED:4.0f} s] {text}", file=sys.stderr, flush=True)
