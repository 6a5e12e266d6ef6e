"""Figures for programs: say them, read every one that was said, take one back."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Router
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.records.models import Record
from roadbed.modules.priorities import services
from roadbed.modules.priorities.api import shared
from roadbed.modules.priorities.api.schemas import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    FigureOut,
    FiguresIn,
    FiguresOut,
    PaceIn,
)
from roadbed.modules.priorities.models import Figure
from roadbed_engines.priority.ranges import Range

router = Router(tags=["Priorities"])


@router.post(
    "figures", response={200: FiguresOut, **WRITE_PROBLEMS}, operation_id="say_figures", url_name="figures"
)
def say_figures(request: HttpRequest, workspace: Path[str], body: FiguresIn) -> dict[str, int]:
    """Say figures of features and needs; what they replace stays in the history."""
    access = shared.maker(request)
    found: dict[str, Record] = {}
    said = []
    for one in body.figures:
        if one.key not in found:
            found[one.key] = shared.record_of(access, one.key)
        try:
            given = Range(one.low, one.low if one.high is None else one.high, one.likely, one.confidence)
        except ValueError as error:
            raise ValidationError({"figures": f"{one.key}, {one.name}: {error}."}) from error
        said.append(services.Said(found[one.key], one.name, given, one.note.replace("\x00", "")))
    return {"changed": services.say_figures(said=said, actor=access.actor, at=timezone.now())}


@router.get(
    "figures/{key}",
    response={200: list[FigureOut], **READ_PROBLEMS},
    operation_id="get_figures",
    url_name="figures-of",
)
def get_figures(request: HttpRequest, workspace: Path[str], key: str) -> list[Figure]:
    """Read every figure that was said of a feature or need, the newest first; at most 500."""
    record = shared.record_of(access_of(request), key)
    return list(Figure.objects.filter(record_id=record.pk).select_related("given_by")[:500])


@router.delete(
    "figures/{key}/{name}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="take_back_figure",
    url_name="figure",
)
def take_back_figure(request: HttpRequest, workspace: Path[str], key: str, name: str) -> Answer[None]:
    """Take a figure back; evidence answers again, where it can."""
    access = shared.maker(request)
    record = shared.record_of(access, key)
    services.take_back_figure(record=record, name=name, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.put("paces/{key}", response={204: None, **WRITE_PROBLEMS}, operation_id="set_pace", url_name="pace")
def set_pace(
    request: HttpRequest, workspace: Path[str], key: str, body: PaceIn, response: HttpResponse
) -> Answer[None]:
    """Say how what waiting costs runs over time."""
    access = shared.maker(request)
    services.set_pace(
        record=shared.record_of(access, key),
        profile=body.profile,
        due_date=body.due_date,
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(204, None)
