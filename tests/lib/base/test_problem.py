import pytest
from dist_integration_base.lib.problem import Problem


def test_document():
    problem = Problem(
        422,
        "validation_failed",
        "The message does not fit its schema",
        "2 values are wrong.",
        errors=[{"pointer": "/lines/0/sku", "code": "required", "detail": "is required"}],
        headers={"Retry-After": "5"},
        extensions={"message_type": "order.submit"},
    )
    assert problem.to_dict("/v1/orders", "req-1") == {
        "type": "/problems/validation_failed",
        "title": "The message does not fit its schema",
        "status": 422,
        "code": "validation_failed",
        "detail": "2 values are wrong.",
        "instance": "/v1/orders",
        "errors": [{"pointer": "/lines/0/sku", "code": "required", "detail": "is required"}],
        "request_id": "req-1",
        "message_type": "order.submit",
    }
    assert problem.headers == {"Retry-After": "5"}
    assert str(problem) == "422 validation_failed: 2 values are wrong."


def test_least_document():
    assert Problem(404, "not_found").to_dict() == {
        "type": "/problems/not_found",
        "title": "Not found",
        "status": 404,
        "code": "not_found",
    }
    assert Problem(599, "credit_limit.exceeded-2").title == "Credit limit exceeded 2"


def test_an_extension_cannot_replace_a_standard_member():
    document = Problem(404, "not_found", extensions={"status": 200, "type": "x", "detail": "y"}).to_dict()
    assert (document["status"], document["type"]) == (404, "/problems/not_found")


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://docs.example/problems", "https://docs.example/problems/a"),
        ("https://docs.example/problems/", "https://docs.example/problems/a"),
        ("https://docs.example/problems#", "https://docs.example/problems#a"),
        ("urn:problem:", "urn:problem:a"),
    ],
)
def test_type_base(base, expected):
    assert Problem(400, "a").to_dict(type_base=base)["type"] == expected


@pytest.mark.parametrize("status", [200, 302, 399, 600])
def test_status_is_an_error(status):
    with pytest.raises(ValueError):
        Problem(status, "a")


@pytest.mark.parametrize("code", ["", "Not Found", "a/b", "A", "é"])
def test_code_is_fit_for_a_uri(code):
    with pytest.raises(ValueError):
        Problem(400, code)
