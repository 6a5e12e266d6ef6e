"""What people do with a what-if plan: set it up, change in it, have it approved, merge it, give it up."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap.forms import branches as forms
from roadbed.modules.roadmap.models import Branch, BranchChange, Feature, Status
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.services import branch_merging, branch_outlooks, branching
from roadbed.modules.roadmap.views import asking, branches, shared
from roadbed.web import formats, toasts

Field = BranchChange.Field
PLAIN = ("team", "release", "not_before", "target_start", "target_end", "due_date", "due_kind", "status")


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Set up a branch; from a feature, go on to what is to be changed of it."""
    key = request.GET.get("feature", "")[:20].replace("\x00", "")
    onward = f"changes/new/?{urlencode({'feature': key})}" if key else ""

    def save(data: dict[str, Any]) -> asking.Done:
        made = branching.create_branch(
            workspace=access.workspace, actor=access.actor, at=timezone.now(), **data
        )
        return asking.Done(f"{made.key} is set up.", url=f"{branches.branch_url(access, made)}{onward}")

    return asking.ask(
        request,
        access,
        form_class=forms.BranchForm,
        heading="Try something",
        intro="A branch is the plan itself until something is changed in it. The plan does not notice.",
        back=branches.base(access),
        crumb="Branches",
        crumb_url=branches.base(access),
        deed="Set it up",
        save=save,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change what a branch is called and why it is there."""
    branch = branches.branch_or_404(access, number)

    def save(data: dict[str, Any]) -> asking.Done:
        branching.describe_branch(branch=branch, changes=data, actor=access.actor, at=timezone.now())
        return asking.Done(f"Changed {branch.key}.")

    return asking.ask(
        request,
        access,
        form_class=forms.BranchForm,
        heading=f"Change {branch.key}",
        back=branches.branch_url(access, branch),
        crumb=branch.key,
        crumb_url=branches.branch_url(access, branch),
        initial={"title": branch.title, "description": branch.description},
        save=save,
    )


def _iso(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) and value else value


def said_of(branch: Branch, feature: Feature) -> dict[str, Any]:
    """Return what a branch says of a feature, as its form shows it."""
    found = reading.values_now(workspace_id=branch.workspace_id, feature_ids=[feature.pk]).get(feature.pk)
    if found is None:
        raise Http404
    for one in reading.changes_of(branch):
        if one.record_id == feature.pk and one.field != Field.WAITS:
            found[one.field] = one.value
    initial: dict[str, Any] = {name: found[name] for name in PLAIN}
    initial |= {name: _iso(found[name]) for name in reading.DAYS}
    initial["horizon"] = found[Field.PLACE]["horizon"]
    effort = found[Field.EFFORT]
    if effort:
        said = effort.get("said") or {"low": effort["p10"], "likely": effort["p50"], "high": effort["p90"]}
        initial |= {name: round(said[name], 2) for name in ("low", "likely", "high")}
    return initial


def wishes_of(initial: dict[str, Any], data: dict[str, Any]) -> list[branching.Wish]:
    """Return what a form says otherwise than it began."""
    why = data.get("why", "")
    found = []
    for name in PLAIN:
        value = getattr(data[name], "pk", data[name])
        if (value or None) != (initial.get(name) or None):
            found.append(branching.Wish(name, value, why=why))
    three = {name: data.get(name) for name in ("low", "likely", "high")}
    if all(three.values()) and any(three[name] != initial.get(name) for name in three):
        found.append(branching.Wish(Field.EFFORT, three, why=why))
    if data.get("before") is not None or data["horizon"] != initial["horizon"]:
        place = {"horizon": data["horizon"], "before": data.get("before")}
        found.append(branching.Wish(Field.PLACE, place, why=why))
    return found


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Let a branch say something else of a feature: first which, then what."""
    branch = branches.branch_or_404(access, number)
    back = branches.branch_url(access, branch)
    key = request.GET.get("feature", "")[:20].replace("\x00", "")
    frame: dict[str, Any] = {"back": back, "crumb": branch.key, "crumb_url": back}
    if not key:

        def pick(data: dict[str, Any]) -> asking.Done:
            return asking.Done("", url=f"{back}changes/new/?feature={data['feature'].key}")

        return asking.ask(
            request,
            access,
            form_class=forms.PickForm,
            heading="Change what?",
            deed="Go on",
            save=pick,
            **frame,
        )
    feature = shared.feature_or_404(access, key)
    initial = said_of(branch, feature)
    if initial["status"] == Status.SHIPPED:
        toasts.add(request, f"{feature.key} is shipped: no plan changes that.", tone="bad")
        return HttpResponseRedirect(back)

    def save(data: dict[str, Any]) -> asking.Done:
        wishes = wishes_of(initial, data)
        if wishes:
            branching.change_in_branch(
                branch=branch, feature=feature, wishes=wishes, actor=access.actor, at=timezone.now()
            )
        return asking.Done(f"{branch.key} says {formats.plural(len(wishes), 'thing')} of {feature.key} anew.")

    return asking.ask(
        request,
        access,
        form_class=forms.BranchFeatureForm,
        heading=f"{feature.key} {feature.title}, in {branch.key}",
        intro="What you leave as it is stays as the plan has it.",
        initial=initial,
        deed="Change it in the branch",
        save=save,
        **frame,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def wait(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Let something wait, or no longer wait, for something else in a branch."""
    branch = branches.branch_or_404(access, number)
    back = branches.branch_url(access, branch)

    def save(data: dict[str, Any]) -> asking.Done:
        value = None if data["tie"] == "none" else {"tie": data["tie"], "lag": data["lag"] or 0}
        wish = branching.Wish(Field.WAITS, value, other=data["on"], why=data["why"])
        branching.change_in_branch(
            branch=branch, feature=data["feature"], wishes=[wish], actor=access.actor, at=timezone.now()
        )
        verb = "waits" if value else "no longer waits"
        return asking.Done(f"In {branch.key} {data['feature'].key} {verb} for {data['on'].key}.")

    return asking.ask(
        request,
        access,
        form_class=forms.BranchWaitForm,
        heading=f"What waits for what, in {branch.key}",
        initial={"feature": request.GET.get("feature", "")[:20].replace("\x00", "")},
        back=back,
        crumb=branch.key,
        crumb_url=back,
        save=save,
    )


def _done(
    request: HttpRequest, access: Access, branch: Branch, act: Any, message: str, undo_url: str = ""
) -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    else:
        toasts.add(request, message, undo_url=undo_url)
    return HttpResponseRedirect(branches.branch_url(access, branch))


@page(role=Role.MAKER)
@require_POST
def take_back(request: HttpRequest, access: Access, number: int, change_id: int) -> HttpResponse:
    """Let a branch say what the plan says again."""
    branch = branches.branch_or_404(access, number)
    try:
        found = reading.access_change(branch, change_id=change_id, circles=sorted(access.circle_ids))
    except BranchChange.DoesNotExist as error:
        raise Http404 from error
    return _done(
        request,
        access,
        branch,
        lambda: branching.take_back(branch=branch, change=found, actor=access.actor, at=timezone.now()),
        "As in the plan again.",
    )


@page(role=Role.MAKER)
@require_POST
def again(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Work out the dates of both anew, since the plan has changed."""
    branch = branches.branch_or_404(access, number)
    return _done(
        request,
        access,
        branch,
        lambda: branch_outlooks.work_out(branch=branch, at=timezone.now()),
        "Both are worked out anew.",
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Ask somebody to decide."""
    branch = branches.branch_or_404(access, number)
    back = branches.branch_url(access, branch)

    def save(data: dict[str, Any]) -> asking.Done:
        branching.ask_approval(
            branch=branch, approver=data["approver"], actor=access.actor, at=timezone.now()
        )
        return asking.Done(f"{data['approver'].name} is asked to decide.")

    return asking.ask(
        request,
        access,
        form_class=forms.ApprovalForm,
        heading=f"Have {branch.key} approved",
        intro="Until it is decided, nothing of it can be merged. A change in it needs a new decision.",
        back=back,
        crumb=branch.key,
        crumb_url=back,
        deed="Ask",
        save=save,
    )


@page(role=Role.MAKER)
@require_POST
def decide(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Approve a branch, or give it back."""
    branch = branches.branch_or_404(access, number)
    is_approved = request.POST.get("say") == "yes"
    return _done(
        request,
        access,
        branch,
        lambda: branching.decide(
            branch=branch,
            is_approved=is_approved,
            words=request.POST.get("words", "").replace("\x00", ""),
            member=access.member,
            actor=access.actor,
            at=timezone.now(),
        ),
        "Approved." if is_approved else "Given back.",
    )


@page(role=Role.MAKER)
@require_POST
def merge(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Take what was chosen over into the plan."""
    branch = branches.branch_or_404(access, number)
    only, over, dropped = [], [], []
    for one in reading.changes_of(branch, circles=sorted(access.circle_ids)):
        said = request.POST.get(f"change_{one.pk}", "")
        if said in {"take", "over"}:
            only.append(one.pk)
        if said == "over":
            over.append(one.pk)
        if said == "plan":
            dropped.append(one.pk)
    try:
        found = branch_merging.merge_branch(
            branch=branch, only=only, over=over, dropped=dropped, actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
        return HttpResponseRedirect(branches.branch_url(access, branch))
    left = f"; {found.left} left in the branch" if found.left else ""
    toasts.add(
        request,
        f"{formats.plural(found.taken, 'change')} merged{left}.",
        undo_url=shared.undo_url(access, found.deed),
    )
    if found.left:
        branch_outlooks.work_out(branch=branch, at=timezone.now())
    return HttpResponseRedirect(branches.branch_url(access, branch))


@page(role=Role.MAKER)
@require_POST
def discard(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Give a branch up."""
    branch = branches.branch_or_404(access, number)
    return _done(
        request,
        access,
        branch,
        lambda: branching.discard_branch(branch=branch, actor=access.actor, at=timezone.now()),
        f"{branch.key} is discarded.",
        f"{branches.branch_url(access, branch)}reopen/",
    )


@page(role=Role.MAKER)
@require_POST
def reopen(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Take a discarded branch up again."""
    branch = branches.branch_or_404(access, number)
    return _done(
        request,
        access,
        branch,
        lambda: branching.reopen_branch(branch=branch, actor=access.actor, at=timezone.now()),
        f"{branch.key} is taken up again.",
    )


@page(role=Role.MAKER)
@require_POST
def propose(request: HttpRequest, access: Access) -> HttpResponse:
    """Look for a better order, as a job; what is found is a branch."""
    job = jobs.enqueue("roadmap.propose", workspace_id=access.workspace.pk, key="propose", actor=access.actor)
    return HttpResponseRedirect(f"/w/{access.workspace.slug}/jobs/{job.pk}/")
