"""Rules over accounts mean the same on every database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Account, rules
from tests.insights import factories as make

ACCOUNTS: dict[str, dict[str, Any]] = {
    "Big": {
        "plan": "Fleet",
        "revenue": Decimal(90000),
        "attributes": {"vans": 120, "vip": True, "city": "Köln"},
    },
    "Middle": {"plan": "growth", "revenue": Decimal(5000), "attributes": {"vans": "64", "vip": False}},
    "Small": {"plan": "", "revenue": None, "attributes": {"vans": "a dozen", "city": ""}},
}


def line(field: str, operator: str, value: Any = "") -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


@pytest.fixture
def accounts(workspace: Workspace) -> None:
    for name, facts in ACCOUNTS.items():
        make.account(workspace, name, **facts)


@pytest.mark.django_db
@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (line("plan", "is", "fleet"), {"Big"}),
        (line("plan", "is_not", "fleet"), {"Middle", "Small"}),
        (line("plan", "one_of", "Fleet, Growth"), {"Big", "Middle"}),
        (line("plan", "set"), {"Big", "Middle"}),
        (line("plan", "not_set"), {"Small"}),
        (line("name", "contains", "MID"), {"Middle"}),
        (line("revenue", "gt", "5000"), {"Big"}),
        (line("revenue", "gte", "5000"), {"Big", "Middle"}),
        (line("revenue", "is", "5000"), {"Middle"}),
        (line("revenue", "is_not", "5000"), {"Big", "Small"}),
        (line("revenue", "not_set"), {"Small"}),
        (line("attributes.vans", "gt", "50"), {"Big", "Middle"}),
        (line("attributes.vans", "lte", "64"), {"Middle"}),
        (line("attributes.vans", "is", "120"), {"Big"}),
        (line("attributes.vip", "is", "true"), {"Big"}),
        (line("attributes.vip", "is_not", "true"), {"Middle", "Small"}),
        (line("attributes.city", "set"), {"Big"}),
        (line("attributes.nowhere", "not_set"), {"Big", "Middle", "Small"}),
    ],
)
def test_a_condition_takes_in(workspace: Workspace, condition: dict[str, Any], names: set[str]) -> None:
    rule = rules.parse({"match": "all", "conditions": [condition]})
    found = Account.objects.in_workspace(workspace.pk).filter(rule.as_q())
    assert set(found.values_list("title", flat=True)) == names


@pytest.mark.django_db
@pytest.mark.usefixtures("accounts")
def test_all_narrows_any_widens_and_nothing_takes_in_nobody(workspace: Workspace) -> None:
    lines = [line("plan", "is", "Fleet"), line("attributes.vans", "is", "64")]
    own = Account.objects.in_workspace(workspace.pk)
    assert own.filter(rules.parse({"match": "all", "conditions": lines}).as_q()).count() == 0
    assert own.filter(rules.parse({"match": "any", "conditions": lines}).as_q()).count() == 2
    assert own.filter(rules.parse({}).as_q()).count() == 0


@pytest.mark.parametrize(
    "raw",
    [
        [],
        {"match": "some"},
        {"conditions": "x"},
        {"conditions": [1]},
        {"conditions": [line("password", "is", "x")]},
        {"conditions": [line("plan", "like", "x")]},
        {"conditions": [line("plan", "is", "")]},
        {"conditions": [line("revenue", "gt", "nan")]},
        {"conditions": [line("revenue", "contains", "5")]},
        {"conditions": [line('attributes."', "is", "x")]},
        {"conditions": [line("attributes.", "is", "x")]},
        {"conditions": [line("plan", "is", "x")] * 21},
    ],
)
def test_what_is_no_rule_is_refused(raw: Any) -> None:
    with pytest.raises(ValidationError):
        rules.parse(raw)


def test_a_rule_is_said_as_a_person_would() -> None:
    rule = rules.parse({"conditions": [line("revenue", "gte", "50000"), line("attributes.vans", "set")]})
    assert rule.label == "revenue is at least 50000 and vans is known"
