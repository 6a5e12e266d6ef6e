"""A question that is written once answers as its queryset does, whatever it is asked about."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from roadbed.core import prepared
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace

pytestmark = pytest.mark.django_db


def _named(workspace: int, numbers: Collection[int]) -> QuerySet[Workspace]:
    return Workspace.objects.filter(pk=workspace, pk__in=numbers, closed_at__isnull=True).order_by("pk")


def test_it_answers_as_its_queryset_does(workspace: Workspace) -> None:
    question = prepared.Question(_named)
    own, other = workspace.pk, workspace.pk + 7
    for numbers in ([own], [other], [own, other], [other, own, 3], [own], []):
        asked = _named(own, numbers)
        assert question.count(workspace=own, numbers=numbers) == asked.count()
        assert question.numbers(workspace=own, numbers=numbers) == [each.pk for each in asked]
    assert question.count(workspace=other, numbers=[own, other]) == 0


def test_it_costs_one_query_and_nothing_where_nothing_can_be_found(workspace: Workspace) -> None:
    question = prepared.Question(_named)
    with CaptureQueriesContext(connection) as asked:
        question.count(workspace=workspace.pk, numbers=[workspace.pk])
        question.count(workspace=workspace.pk, numbers=[])
    assert len(asked) == 1


def test_a_number_that_is_not_asked_about_is_a_mistake(workspace: Workspace) -> None:
    def forgetful(workspace: int, member: int) -> QuerySet[Record]:
        return Record.objects.in_workspace(workspace)

    with pytest.raises(ValueError, match="leaves out a number"):
        prepared.Question(forgetful).count(workspace=workspace.pk, member=1)
