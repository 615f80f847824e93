"""What the API answers is what its OpenAPI document announces, whatever is sent."""

from __future__ import annotations

import json
import urllib.request

import pytest
from contract.generator import generate
from contract.stage import ContractStage

READ_ORDER = ("--include-path", "/dist/v1/orders/{reference}")


@pytest.fixture(scope="module")
def stage(env):
    with ContractStage(env, "contract") as stage:
        yield stage


def test_every_answer_is_documented(stage, tmp_path, scale):
    """M4: a generator that follows the document, and breaks it, meets no 5xx and no answer that is not in it."""
    outcome = generate(stage.document, stage.keys, tmp_path, stage.known, examples=4 * scale)
    assert not outcome.failed, outcome.output
    assert outcome.operations["tested"] == outcome.operations["total"] > 20


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda answers: answers.pop("404"), "Undocumented status code"),
        (lambda answers: answers["404"].update(content={"text/plain": {}}), "Undocumented Content-Type"),
        (
            lambda answers: answers["200"]["content"]["application/json"].update(schema={"type": "array"}),
            "Response violates schema",
        ),
    ],
    ids=["status", "content type", "schema"],
)
def test_what_is_not_documented_is_found(stage, tmp_path, change, complaint):
    """M4: the check can fail: against a document that lacks something, the generator says what."""
    with urllib.request.urlopen(stage.document, timeout=60) as answer:
        document = json.load(answer)
    answers = document["paths"]["/dist/v1/orders/{reference}"]["get"]["responses"]
    answers["404"] = {
        "description": "Not found",
        "content": document["components"]["responses"]["Problem404"]["content"],
    }
    change(answers)
    changed = tmp_path / "openapi.json"
    changed.write_text(json.dumps(document))
    outcome = generate(
        str(changed),
        stage.keys,
        tmp_path,
        stage.known,
        url=stage.server.url,
        phases="fuzzing",
        options=READ_ORDER,
    )
    assert outcome.failed
    assert complaint in outcome.output
