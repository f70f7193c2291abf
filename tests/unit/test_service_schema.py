"""The whole OpenAPI document, tried out by schemathesis: no crash, and no answer that it does not describe.

More of the same: `offnadir serve`, and then
`st run http://localhost:8000/openapi.json -H "Authorization: Bearer $KEY"`; `schemathesis.toml` says how it
judges.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from support.service import Hall

#: A stream of events ends when its order does, and numbers are no JSON.
_APART = "events|metrics"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_document_describes(hall: Hall, mode: GenerationMode) -> None:
    """Requests that fit the document and requests that do not, for every route, by one who has every role."""
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    customer = service.desk.customers(by="boss")[0].id
    roles = ["customer", "planner", "releaser", "auditor", "administrator"]
    service.desk.add_user("all", roles, customer=customer, by="boss")
    hall.keys["all"] = service.desk.add_key("all", by="boss")[1]
    headers = {**hall.as_("all"), "Host": "localhost"}
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json",
        hall.client.app,
        headers={"Host": "localhost"},
        config=SchemathesisConfig.from_path(Path(__file__).parents[2] / "schemathesis.toml"),
    )
    tried = 0
    for result in schema.exclude(path_regex=_APART).get_all_operations():
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not list(operation.body):
            continue

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=5, deadline=None, derandomize=True, database=None,
            phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers)

        ask()
        tried += 1
    assert tried > (20 if mode is GenerationMode.POSITIVE else 5)
