"""Moving a bar of the timeline: by hand, by key, or by a form for whoever has neither."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap.forms.moving import MoveForm
from roadbed.modules.roadmap.models import Branch, Feature
from roadbed.modules.roadmap.services import dragging
from roadbed.modules.roadmap.views import asking, branches, forecasts, shared
from roadbed.web import formats


def branch_asked(access: Access, text: str) -> Branch | None:
    """Return the branch that an address or a form names by its number; none without one."""
    if not text.isdecimal() or len(text) > 8:
        return None
    return branches.branch_or_404(access, int(text))


def timeline_url(access: Access, branch: Branch | None) -> str:
    """The timeline of the plan, or of a branch."""
    return f"{shared.base(access)}timeline/" + (f"?branch={branch.number}" if branch else "")


def _anchor(access: Access, key: str) -> Feature | None:
    return shared.feature_or_404(access, key) if key else None


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValidationError("This is no day, such as 2026-03-01.") from error


def _grip(access: Access, feature: Feature, said: dict[str, Any]) -> dragging.Grip:
    return dragging.Grip(
        feature=feature,
        has_day="not_before" in said,
        day=_day(said.get("not_before", "")),
        before=_anchor(access, said.get("before", "")[:20]),
        after=_anchor(access, said.get("after", "")[:20]),
    )


def _plain(request: HttpRequest) -> dict[str, str]:
    return {name: str(value).replace("\x00", "") for name, value in request.POST.items()}


@page(role=Role.MAKER)
@require_POST
def drop(request: HttpRequest, access: Access) -> HttpResponse:
    """Take a bar that was let go; answer with what else moves, in days, for the page to draw at once."""
    said = _plain(request)
    feature = shared.feature_or_404(access, said.get("key", "")[:20])
    branch = branch_asked(access, said.get("branch", ""))
    at = timezone.now()
    try:
        moved = dragging.move(
            workspace=access.workspace,
            grip=_grip(access, feature, said),
            branch=branch,
            actor=access.actor,
            at=at,
        )
    except ValidationError as error:
        return JsonResponse({"detail": " ".join(error.messages)}, status=422)
    if branch is not None:
        dragging.work_out(branch=branch, at=at)
    else:
        forecasts.start(access)
    others = len(moved.shifts) - (feature.pk in moved.shifts)
    answer = JsonResponse(
        {
            "moved": {str(pk): shift for pk, shift in moved.shifts.items()},
            "said": _words(feature, moved, others),
            "undo": shared.undo_url(access, moved.deed),
            "decode_ms": round(moved.milliseconds, 3),
        }
    )
    answer.headers["Server-Timing"] = f"decode;dur={moved.milliseconds:.2f}"
    return answer


def _words(feature: Feature, moved: dragging.Moved, others: int) -> str:
    if moved.problem:
        return f"{feature.key} is moved, but the plan cannot be put in time: {moved.problem}."
    own = moved.shifts.get(feature.pk)
    how = shared.moved(own[1]) if own else ""
    done = f"{feature.key} is done {how}" if how else f"{feature.key} is done on the same day"
    return (
        f"{done}; {formats.plural(others, 'other')} moves."
        if others == 1
        else f"{done}; {others} others move."
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """The same by a form: a day before which it does not start, or a place in the order."""
    feature = shared.feature_or_404(access, key)
    branch = branch_asked(access, request.GET.get("branch", ""))
    back = timeline_url(access, branch)

    def save(data: dict[str, Any]) -> asking.Done:
        at = timezone.now()
        grip = dragging.Grip(
            feature=feature,
            has_day=data["not_before"] != feature.not_before or data["before"] is None,
            day=data["not_before"],
            before=data["before"],
        )
        moved = dragging.move(workspace=access.workspace, grip=grip, branch=branch, actor=access.actor, at=at)
        if branch is not None:
            dragging.work_out(branch=branch, at=at)
        else:
            forecasts.start(access)
        others = len(moved.shifts) - (feature.pk in moved.shifts)
        return asking.Done(_words(feature, moved, others), deed=moved.deed)

    where = f", in {branch.key}" if branch else ""
    return asking.ask(
        request,
        access,
        form_class=MoveForm,
        heading=f"Move {feature.key} {feature.title}{where}",
        back=back,
        crumb="Timeline",
        crumb_url=back,
        initial={"not_before": feature.not_before},
        deed="Move it",
        save=save,
    )


__all__ = ["ask", "branch_asked", "drop", "timeline_url"]
