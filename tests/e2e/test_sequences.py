"""A short version of the endurance test's random sequences; a longer one is `make soak`."""

from __future__ import annotations

import pytest
from soak.sequence import Sequence
from stack import Stack


@pytest.fixture(scope="module")
def stack(env):
    with Stack(env, "sequences") as stack:
        yield stack


@pytest.mark.parametrize("seed", [1, 2])
def test_random_sequence(stack, seed):
    """M5, M6, M7: whatever partners and people do while workers die, nothing is lost, doubled or out of order."""
    Sequence(stack, seed, 30).play()


def test_model_notices(stack):
    """M7: the comparison can fail: a message, a document or a change that is not the model's is found."""
    sequence = Sequence(stack, 3, 0)
    sequence.submit_new()
    sequence.settle()
    sequence.check()
    sequence.model.messages += 1
    with pytest.raises(AssertionError, match="1 messages instead of 2"):
        sequence.check()
    sequence.model.messages -= 1
    (names,) = sequence.model.contents.values()
    names.insert(0, "an earlier name")
    with pytest.raises(AssertionError, match="the partner heard"):
        sequence.check()
