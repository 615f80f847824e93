"""What the generator is told beyond the OpenAPI document; loaded by schemathesis, in the tools' environment.

The file that `CONTRACT_GUIDE` names says which key calls which operations, and which documents exist.
"""

import json
import os
from pathlib import Path

import schemathesis

GUIDE = json.loads(Path(os.environ["CONTRACT_GUIDE"]).read_text())
PROBLEM = "application/problem+json"
#: What the API says about values that do not fit the document; a value that was made to fit never earns it.
MISFITS = {"invalid_message", "invalid_parameter", "unknown_parameter", "unreadable_message", "invalid_bulk"}

#: Bodies with a document of any shape in it: the limits of what is read as JSON (depth, exponents) are no schema's.
FREE_FORM = {"/dist/v1/cutover/references"}


@schemathesis.serializer("application/x-ndjson", "application/edi-x12", "application/edifact")
def write_rows(_context, value):
    """A file is sent as it was made up."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def map_case(_context, case):
    """Point some of the valid calls at documents that exist; the generator would never guess their numbers."""
    if _is_valid(case):
        for name, known in GUIDE["known"].items():
            for place in (case.path_parameters, case.body):
                if isinstance(place, dict) and isinstance(place.get(name), str) and len(place[name]) % 2:
                    place[name] = known
        if isinstance(case.body, dict) and "external_id" in (case.path_parameters or {}):
            # the same id twice in one call
            case.body["external_id"] = case.path_parameters["external_id"]
    return case


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Call as the partner whose business the operation is."""
    tags = set(case.operation.tags or ())
    name = next((name for name in GUIDE["keys"] if name in tags), "")
    case.headers["Authorization"] = f"Bearer {GUIDE['keys'][name]}"


@schemathesis.check
def valid_data_is_taken_for_valid(_context, response, case):
    """A business rule may refuse what fits its schema; the schema may not."""
    if _is_valid(case) and not _holds_nul(case) and response.status_code in (400, 422):
        code = json.loads(response.text).get("code")
        misfits = MISFITS - {"unreadable_message"} if case.path in FREE_FORM else MISFITS
        assert code not in misfits, f"Schema-valid request answered with {code}: {response.text}"


@schemathesis.check
def bulk_says_what_is_wrong(_context, response, case):
    """An item that does not fit its schema is refused by a status of its own."""
    if not case.path.endswith("/bulk") or response.status_code != 200:
        return
    items = json.loads(response.text)["items"]
    assert len(items) == len(case.body["items"]), "one outcome for each item"
    codes = {item["problem"]["code"] for item in items if item["status"] >= 400}
    if _is_valid(case):
        assert not codes & MISFITS, f"Schema-valid items answered with {codes}"
    elif _is_body_negative(case):
        assert codes & MISFITS, "no item was refused although the body does not fit the schema"


@schemathesis.check
def every_refusal_is_a_problem(_context, response, _case):
    """RFC 9457: status in the document as on the line, a code, an id to quote."""
    if response.status_code < 400:
        return
    assert response.headers["content-type"][0].startswith(PROBLEM), response.headers["content-type"]
    document = json.loads(response.text)
    assert document["status"] == response.status_code, document
    assert document["code"] and document["request_id"], document


def _is_valid(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def _holds_nul(case):
    """The coverage phase makes such texts whatever it is told; the API refuses them wherever they are."""
    return isinstance(case.body, dict) and "\\u0000" in json.dumps(case.body)


def _is_body_negative(case):
    return any(
        place.value == "body" and info.mode.is_negative for place, info in case.meta.components.items()
    )
