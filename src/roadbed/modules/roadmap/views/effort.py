"""How much work a feature is: on its page, its history, and the rounds in which several people say it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.forms.estimates import EstimateForm, OpinionForm, RoundForm, SkillsForm
from roadbed.modules.roadmap.models import Estimate, EstimateRound, Feature, Origin
from roadbed.modules.roadmap.views import asking, shared
from roadbed.web import formats
from roadbed.web.receipts import Part, Receipt

WIDTH = 240


def days(value: float) -> str:
    """Return person-days as a person would say them: no more digits than anybody knows."""
    if value >= 100:
        return f"{round(value):,}"
    return formats.number(value, digits=0 if value >= 10 else 1).removesuffix(".0")


def range_bar(p10: float, p50: float, p90: float, *, most: float, label: str) -> SafeString:
    """Return a picture of a range: a band from P10 to P90, and a mark at even odds; the words say the same."""
    scale = WIDTH / most if most > 0 else 0.0
    left, middle, right = (round(min(one * scale, WIDTH), 1) for one in (p10, p50, p90))
    return format_html(
        '<svg class="range-bar" viewBox="0 0 {} 14" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="range-bar__track" x="0" y="6" width="{}" height="2"/>'
        '<rect class="range-bar__band" x="{}" y="3" width="{}" height="8" rx="2"/>'
        '<rect class="range-bar__middle" x="{}" y="0" width="3" height="14"/></svg>',
        WIDTH,
        label,
        WIDTH,
        left,
        max(right - left, 2),
        min(max(middle - 1.5, 0), WIDTH - 3),
    )


def _parts(estimate: Estimate) -> tuple[Part, ...]:
    said = estimate.said
    if estimate.origin == Origin.EXPERTS:
        return tuple(
            Part(one["name"], f"{days(one['p10'])} · {days(one['p50'])} · {days(one['p90'])}")
            for one in said.get("people", [])
        )
    if estimate.origin == Origin.REFERENCE:
        return (
            Part("Class", said.get("class", "")),
            *(Part(key, f"{days(took)} days") for key, took in said.get("items", [])[:12]),
        )
    if estimate.origin == Origin.POINTS:
        low, middle, high = said["a_point"]
        source = f"{said['items']} finished items" if said.get("from") == "history" else "as the team said"
        return (
            Part("Points", f"{said['points']:g}"),
            Part("Days a point", f"{days(low)} · {days(middle)} · {days(high)}"),
            Part("Known from", source),
        )
    names = {"low": "Low", "likely": "Likely", "high": "High", "confidence": "How sure"}
    return tuple(
        Part(label, f"{said[name]:g}%" if name == "confidence" else f"{said[name]:g} days")
        for name, label in names.items()
        if name in said
    )


METHODS = {
    Origin.THREE_POINT: "Low and high are the P10 and P90; two half lognormals meet at the likely value.",
    Origin.RANGE: "Lognormal; the range holds as often as was stated.",
    Origin.POINTS: "Points times what a point of this team takes.",
    Origin.REFERENCE: "The quantiles of what finished items of the class took.",
    Origin.EXPERTS: "The average of everybody’s distributions, said without seeing each other’s.",
}


def receipt(estimate: Estimate, name: str, title: str) -> Receipt:
    """Return one of an estimate's figures, open to what it was computed from."""
    return Receipt(
        value=f"{days(getattr(estimate, name))} days",
        title=title,
        parts=(*_parts(estimate), Part("Said by", estimate.by_name or "somebody")),
        method=METHODS[Origin(estimate.origin)],
        as_of=f"{timezone.localtime(estimate.at):%-d %B %Y}",
    )


def figures(estimate: Estimate) -> list[dict[str, Any]]:
    """Return an estimate's four figures, each with its receipt."""
    names = (
        ("p10", "P10", "One chance in ten that it needs less"),
        ("p50", "Even odds", "As likely more as less"),
        ("p90", "P90", "One chance in ten that it needs more"),
        ("mean", "On average", "What such work costs on average"),
    )
    return [{"label": label, "receipt": receipt(estimate, name, title)} for name, label, title in names]


def line(estimate: Estimate, *, most: float) -> dict[str, Any]:
    """Return an estimate for a page."""
    label = f"{days(estimate.p10)} to {days(estimate.p90)} days, even odds at {days(estimate.p50)}"
    return {
        "estimate": estimate,
        "origin": Origin(estimate.origin).label,
        "bar": range_bar(estimate.p10, estimate.p50, estimate.p90, most=most, label=label),
        "words": label,
        "figures": figures(estimate),
    }


def effort_context(access: Access, feature: Feature) -> dict[str, Any]:
    """Return what a feature's page shows of its effort; six queries at most."""
    estimate = selectors.current_estimates(feature_ids=[feature.pk]).get(feature.pk)
    rounds = [one for one in selectors.rounds_of(feature) if one.is_open]
    skills = list(feature.skill_needs.select_related("skill"))
    return {
        "effort": line(estimate, most=estimate.p90 * 1.15) if estimate else None,
        "round": _round_line(access, rounds[0]) if rounds else None,
        "skills": skills,
        "risks": [
            {
                "risk": one,
                "url": f"{shared.base(access)}risks/{one.number}/",
                "cost": f"{days(one.low)} to {days(one.high)} days",
            }
            for one in selectors.risks_of(feature)
        ],
    }


def _round_line(access: Access, round: EstimateRound) -> dict[str, Any]:
    spoken = {one.member_id for one in round.opinions.all()}
    asked = list(round.asked.all())
    own = next((one for one in round.opinions.all() if one.member_id == access.member.pk), None)
    return {
        "round": round,
        "url": f"{shared.base(access)}rounds/{round.pk}/",
        "asked": [{"name": one.name, "has_spoken": one.pk in spoken} for one in asked],
        "spoken": len(spoken),
        "may_say": any(one.pk == access.member.pk for one in asked) and access.can_contribute,
        "own": own,
    }


@page()
@require_GET
def history(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Every estimate of a feature, the newest first: a dialog, or a page of its own."""
    feature = shared.feature_or_404(access, key)
    found = selectors.estimates_of(feature)
    most = max((one.p90 for one in found), default=1.0) * 1.05
    context = {
        "feature": feature,
        "url": shared.feature_url(access, feature),
        "lines": [line(one, most=most) for one in found],
    }
    return render(request, "roadmap/estimates.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def estimate(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Say how much work a feature is."""
    feature = shared.feature_or_404(access, key)

    def save(data: dict[str, Any]) -> asking.Done:
        said = {name: data[name] for name in ("low", "likely", "high", "confidence", "points")}
        _, deed = services.estimate_feature(
            feature=feature,
            origin=data["origin"],
            said=said,
            note=data["note"],
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done(deed.summary, deed=deed)

    current = selectors.current_estimates(feature_ids=[feature.pk]).get(feature.pk)
    initial: dict[str, Any] = {"origin": Origin.THREE_POINT}
    if current is not None and current.origin != Origin.EXPERTS:
        initial = {"origin": current.origin, **{name: current.said.get(name) for name in
                   ("low", "likely", "high", "confidence", "points")}}  # fmt: skip
    return asking.ask(
        request,
        access,
        form_class=EstimateForm,
        heading=f"How much work is {feature.key}?",
        intro=feature.title,
        back=shared.feature_url(access, feature),
        crumb=feature.key,
        crumb_url=shared.feature_url(access, feature),
        initial=initial,
        save=save,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def start_round(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Ask several people, each without seeing the others' figures."""
    feature = shared.feature_or_404(access, key)

    def save(data: dict[str, Any]) -> asking.Done:
        services.start_round(
            feature=feature,
            members=list(data["asked"]),
            question=data["question"],
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done(f"Asked {len(data['asked'])} people how much work {feature.key} is.")

    return asking.ask(
        request,
        access,
        form_class=RoundForm,
        heading=f"Ask several people about {feature.key}",
        intro="Each says three figures without seeing the others’. You open them together.",
        back=shared.feature_url(access, feature),
        crumb=feature.key,
        crumb_url=shared.feature_url(access, feature),
        save=save,
        deed="Ask them",
    )


def round_or_404(access: Access, round_id: int) -> EstimateRound:
    """Return the round; a stranger's and a missing one look the same."""
    try:
        return selectors.access_round(workspace_id=access.workspace.pk, round_id=round_id)
    except EstimateRound.DoesNotExist as error:
        raise Http404 from error


@page(role=Role.CONTRIBUTOR)
@require_http_methods(["GET", "POST"])
def say(request: HttpRequest, access: Access, round_id: int) -> HttpResponse:
    """Say one's own three figures."""
    round = round_or_404(access, round_id)
    feature = round.feature
    own = round.opinions.filter(member=access.member).first()

    def save(data: dict[str, Any]) -> asking.Done:
        services.give_opinion(
            round=round,
            member=access.member,
            low=data["low"],
            likely=data["likely"],
            high=data["high"],
            note=data["note"],
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done("Your figures are kept. The others see them when the round is opened.")

    initial = {"low": own.p10, "likely": own.p50, "high": own.p90, "note": own.note} if own else {}
    return asking.ask(
        request,
        access,
        form_class=OpinionForm,
        heading=f"How much work do you think {feature.key} is?",
        intro=round.question or feature.title,
        back=shared.feature_url(access, feature),
        crumb=feature.key,
        crumb_url=shared.feature_url(access, feature),
        initial=initial,
        save=save,
    )


@page(role=Role.MAKER)
@require_POST
def open_round(request: HttpRequest, access: Access, round_id: int) -> HttpResponse:
    """Show everybody's figures and take them together as the estimate."""
    round = round_or_404(access, round_id)
    return shared.deed(
        request,
        access,
        lambda: services.open_round(round=round, actor=access.actor, at=timezone.now())[1],
        otherwise=shared.feature_url(access, round.feature),
    )


@page(role=Role.MAKER)
@require_POST
def cancel_round(request: HttpRequest, access: Access, round_id: int) -> HttpResponse:
    """End a round without a result."""
    round = round_or_404(access, round_id)
    return shared.deed(
        request,
        access,
        lambda: services.cancel_round(round=round, actor=access.actor, at=timezone.now()),
        otherwise=shared.feature_url(access, round.feature),
        message="The round is over. What was said in it is gone.",
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def skills(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Say which part of the work needs which skill."""
    feature = shared.feature_or_404(access, key)

    def save(data: dict[str, Any]) -> asking.Done:
        services.set_skill_needs(
            feature=feature, shares=data["skills"], actor=access.actor, at=timezone.now()
        )
        return asking.Done(f"Said what {feature.key} needs.")

    known = feature.skill_needs.select_related("skill")
    return asking.ask(
        request,
        access,
        form_class=SkillsForm,
        heading=f"Which skills does {feature.key} need?",
        intro=feature.title,
        back=shared.feature_url(access, feature),
        crumb=feature.key,
        crumb_url=shared.feature_url(access, feature),
        initial={"skills": ", ".join(f"{one.skill.name} {one.share}" for one in known)},
        save=save,
    )
