"""What the views of this package share: addresses, chips, cells, the way back."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from roadbed.core.evidence import figures
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Deed, Feature, Horizon, Lane, Level, Release, Status
from roadbed.modules.roadmap.models.strength import evidence_strength
from roadbed.modules.roadmap.selectors import baselines
from roadbed.web import formats, parts, responses, toasts

STATUS_TONES = {
    Status.DEVELOPMENT: "accent",
    Status.BETA: "accent",
    Status.SHIPPED: "good",
    Status.DROPPED: "outline",
}


def base(access: Access) -> str:
    """The address of the roadmap."""
    return f"/w/{access.workspace.slug}/roadmap/"


def feature_url(access: Access, feature: Feature) -> str:
    """The address of a feature."""
    return f"{base(access)}features/{feature.key.lower()}/"


def release_url(access: Access, release: Release) -> str:
    """The address of a release."""
    return f"{base(access)}releases/{release.number}/"


def feature_or_404(access: Access, key: str) -> Feature:
    """Return the feature; a stranger's and a missing one look the same."""
    try:
        return selectors.access_feature(workspace_id=access.workspace.pk, key=key)
    except Feature.DoesNotExist as error:
        raise Http404 from error


def feature_of_row(access: Access, row: str) -> Feature | None:
    """Return the feature that a card or a row on the page stands for; None where it is no longer there."""
    if not row.isdecimal() or len(row) > 18:
        return None
    found: Feature | None = Feature.objects.in_workspace(access.workspace.pk).filter(pk=int(row)).first()
    return found


def release_or_404(access: Access, number: int) -> Release:
    """Return the release; a stranger's and a missing one look the same."""
    try:
        return selectors.access_release(workspace_id=access.workspace.pk, number=number)
    except Release.DoesNotExist as error:
        raise Http404 from error


def status_chip(feature: Feature) -> SafeString:
    """The status, in its tone."""
    status = Status(feature.status)
    return parts.chip(status.label, tone=STATUS_TONES.get(status, ""))


def _receipt(access: Access, feature: Feature) -> SafeString:
    """The attributes of a link that opens a figure to its parts: in a dialog, else on the page of the chain."""
    return format_html(
        'href="/w/{}/{}/chain/" hx-get="{}evidence/" hx-target="#dialog" hx-swap="innerHTML"',
        access.workspace.slug,
        feature.key,
        feature_url(access, feature),
    )


def evidence_chip(access: Access, feature: Feature, *, is_short: bool = False) -> SafeString:
    """How strong its evidence is, in a word that opens to the figures and the rule."""
    strength = evidence_strength(getattr(feature, "tally", None))
    label = strength.label.removeprefix("Evidence ").capitalize() if is_short else strength.label
    return format_html(
        '<a class="chip chip--{}" {} title="{}">{}</a>',
        strength.tone,
        _receipt(access, feature),
        strength.reason,
        label,
    )


def _opening(access: Access, feature: Feature, text: str) -> SafeString:
    return format_html(
        '<a class="receipt num" {} title="See what it is made of">{}</a>', _receipt(access, feature), text
    )


def _figure(access: Access, feature: Feature, name: str) -> str:
    tally = getattr(feature, "tally", None)
    value = getattr(tally, name) if tally else 0
    return _opening(access, feature, formats.number(value)) if value else NONE_YET


def _revenue(access: Access, feature: Feature) -> str:
    tally = getattr(feature, "tally", None)
    if tally is None or not tally.accounts:
        return NONE
    return _opening(access, feature, figures.revenue_words(tally, currency=access.workspace.currency))


def _impact(access: Access, feature: Feature) -> str:
    tally = getattr(feature, "tally", None)
    if tally is None or not tally.people:
        return NONE_YET
    url = figures.demand_url(feature, workspace=access.workspace.slug)
    return parts.link(formats.number(tally.impact, digits=1), url=url)


def _release(access: Access, feature: Feature) -> str:
    release = feature.release
    return parts.link(release.title, url=release_url(access, release)) if release else NONE


def _latest(access: Access, feature: Feature) -> str:
    tally = getattr(feature, "tally", None)
    return parts.when(tally.latest_at if tally else None, style="day")


NONE = parts.quiet("–")
NONE_YET = parts.quiet("0")
_CELLS: dict[str, Callable[[Access, Feature], str]] = {
    "title": lambda access, one: parts.title(one.title, url=feature_url(access, one), key_text=one.key),
    "status": lambda access, one: status_chip(one),
    "horizon": lambda access, one: Horizon(one.horizon).label if one.horizon != Horizon.NONE else NONE,
    "release": _release,
    "impact": _impact,
    "people": lambda access, one: _figure(access, one, "people"),
    "accounts": lambda access, one: _figure(access, one, "accounts"),
    "revenue": _revenue,
    "strength": lambda access, one: evidence_chip(access, one, is_short=True),
    "latest": _latest,
    "lane": lambda access, one: Lane(one.lane).label,
    "level": lambda access, one: Level(one.level).label,
    "team": lambda access, one: one.team.name if one.team else NONE,
    "owner": lambda access, one: parts.person(one.owner.name) if one.owner else NONE,
    "target": lambda access, one: parts.when(one.target_end),
    "updated": lambda access, one: parts.when(one.updated_at),
    "product": lambda access, one: one.product.name if one.product else NONE,
}


def cells(access: Access, feature: Feature, *, shown: Collection[str]) -> dict[str, str]:
    """The finished cells of a feature, for the columns that are shown: a cell costs more than its query."""
    return {key: make(access, feature) for key, make in _CELLS.items() if key in shown}


def undo_url(access: Access, deed: Deed | None) -> str:
    """Where a deed is taken back."""
    return f"{base(access)}deeds/{deed.pk}/undo/" if deed is not None else ""


def done(request: HttpRequest, access: Access, deed: Deed | None, *, otherwise: str) -> HttpResponse:
    """Return to where the deed came from, with what was done and a way to undo it."""
    if deed is None:
        toasts.add(request, "Nothing to change.", tone="")
    else:
        toasts.add(request, deed.summary, undo_url=undo_url(access, deed))
    return responses.back(request, otherwise=otherwise)


WAYS = (
    (
        "Plan",
        (
            ("board", "Now next later", ""),
            ("tree", "Tree", "tree/"),
            ("list", "List", "list/"),
            ("technical", "Technical", "technical/"),
            ("portfolio", "Portfolio", "portfolio/"),
        ),
    ),
    (
        "Time",
        (
            ("timeline", "Timeline", "timeline/"),
            ("releases", "Releases", "releases/"),
            ("dependencies", "Dependencies", "dependencies/"),
            ("branches", "Branches", "branches/"),
            ("baselines", "Baselines", "baselines/"),
        ),
    ),
    ("Goals", (("objectives", "Objectives", "objectives/"), ("risks", "Risks", "risks/"))),
    ("Teams", (("teams", "Teams", "teams/"),)),
)
"""The ways to look at the roadmap, by what they are for."""


def switch(access: Access, current: str) -> dict[str, list[dict[str, object]]]:
    """The ways to look at the roadmap, for `roadmap/parts/switch.html`: the groups, and the views of this one."""
    place = base(access)
    here = next(views for _, views in WAYS if current in {name for name, _, _ in views})
    return {
        "groups": [
            {"label": label, "url": place + views[0][2], "current": views is here} for label, views in WAYS
        ],
        "views": [
            {"label": label, "url": place + path, "current": name == current} for name, label, path in here
        ]
        if len(here) > 1
        else [],
    }


def days_words(days: int) -> str:
    """Return a number of days in words.

    >>> days_words(1), days_words(14)
    ('1 day', '14 days')
    """
    return f"{days} day{'' if abs(days) == 1 else 's'}"


def moved(days: int | None) -> str:
    """Return by how much a date moved, in words.

    >>> moved(14), moved(-1), moved(None)
    ('14 days later', '1 day sooner', '')
    """
    if not days:
        return ""
    unit = "day" if abs(days) == 1 else "days"
    return f"{abs(days)} {unit} {'later' if days > 0 else 'sooner'}"


def slip_lines(record: Record) -> list[dict[str, object]]:
    """How a record's dates moved, for `roadmap/parts/slips.html`."""
    return [
        {"slip": one, "moved": moved(one.days), "tone": "bad" if (one.days or 0) > 0 else "good"}
        for one in baselines.slips_of(record=record)
    ]


def deed(
    request: HttpRequest,
    access: Access,
    act: Callable[[], Deed | None],
    *,
    otherwise: str,
    message: str = "",
) -> HttpResponse:
    """Do one thing that needs no form; a refusal is said in a toast."""
    try:
        made = act()
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
        return responses.back(request, otherwise=otherwise)
    if message or made is not None:
        said = message or (made.summary if made is not None else "")
        toasts.add(request, said, undo_url=undo_url(access, made))
    return responses.back(request, otherwise=otherwise)
