"""Flags: list, get, add, change; ask one; move in and out; what is stale."""

from __future__ import annotations

from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.records import selectors as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api.environments import environment_or_404
from roadbed.modules.experiments.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    FlagExportOut,
    FlagFieldsIn,
    FlagImportIn,
    FlagImportOut,
    FlagIn,
    FlagOut,
    FlagTestIn,
    FlagTestOut,
    StaleFlagOut,
)
from roadbed.modules.experiments.forms import lists
from roadbed.modules.experiments.models import Flag
from roadbed_engines.flags import explaining, growthbook_moves, reading, unleash_moves, writing

router = Router(tags=["flags"])


class FlagsQuery(PageQuery):
    """Which flags; `filter` takes the query string of the list page, so that a page's address can be pasted."""

    q: str = Field("", max_length=200)
    filter: str = Field(
        "", max_length=2000, description="Filters as the list page writes them in its address."
    )


class FlagExportQuery(Schema):
    """What to export, and as what."""

    environment: str = Field(max_length=40)
    form: Literal["roadbed", "growthbook", "unleash"] = "roadbed"


def flag_or_404(access: Access, key: str) -> Flag:
    """Return the flag; a stranger's and a missing one look the same."""
    return selectors.access_flag(workspace_id=access.workspace.pk, key=key)


def plain(value: Any) -> None:
    """Refuse what no column can hold, however deep it lies."""
    if isinstance(value, str) and "\x00" in value:
        raise ValidationError("Null characters cannot be stored.")
    if isinstance(value, dict):
        for name, each in value.items():
            plain(name)
            plain(each)
    elif isinstance(value, list):
        for each in value:
            plain(each)


def owner_of(access: Access, address: str | None) -> Member | None:
    """Return the member with an address, or refuse."""
    if not address:
        return None
    rows = Member.objects.filter(workspace=access.workspace, removed_at__isnull=True)
    found = rows.filter(user__email__iexact=address).first()
    if found is None:
        raise ValidationError({"owner": f"There is no member {address} here."})
    return found


@router.get(
    "flags",
    response={200: PageOut[FlagOut], **READ_PROBLEMS},
    operation_id="list_flags",
    url_name="flags",
)
def list_flags(request: HttpRequest, workspace: Path[str], query: Query[FlagsQuery]) -> dict[str, Any]:
    """List flags, the newest first, with the same filters as the page."""
    access = access_of(request)
    wanted = QueryDict(query.filter.lstrip("?"), mutable=True)
    if query.q:
        wanted["q"] = query.q
    state = lists.FILTERS.parse(wanted, path="", options=lists.options_for(access))
    if state.errors:
        raise ValidationError({name: str(message) for name, message in state.errors.items()})
    rows = selectors.filter_flags(workspace_id=access.workspace.pk, filters=state.values)
    items, following = page_by_id(rows.select_related("product"), query)
    return {"items": items, "next": following}


@router.post(
    "flags",
    response={201: FlagOut, **WRITE_PROBLEMS},
    operation_id="create_flag",
    url_name="flags",
)
def create_flag(
    request: HttpRequest, workspace: Path[str], body: FlagIn, response: HttpResponse
) -> Answer[Flag]:
    """Add a flag, switched off in every environment."""
    access = access_of(request, role=Role.MAKER)
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    plain(given)
    given["owner"] = owner_of(access, given.get("owner"))
    if tests := given.pop("tests", None):
        given["tests"] = _record(access, tests)
    flag = services.create_flag(
        workspace=access.workspace,
        fields=services.FlagFields(**given),
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = flag_or_404(access, flag.key)
    etags.put(response, fresh)
    return Answer(201, fresh)


def _record(access: Access, key: str) -> Record:
    try:
        return records.access_record(workspace_id=access.workspace.pk, key=key, circles=access.circle_ids)
    except Record.DoesNotExist as error:
        raise ValidationError({"tests": f"There is nothing called {key} here."}) from error


@router.get(
    "flags/{key}",
    response={200: FlagOut, **READ_PROBLEMS},
    operation_id="get_flag",
    url_name="flag",
)
def get_flag(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Flag:
    """Get a flag, by the key of its record (FL-7) or by the key that code asks for."""
    flag = flag_or_404(access_of(request), key)
    etags.put(response, flag)
    return flag


@router.patch(
    "flags/{key}",
    response={200: FlagOut, **CHANGE_PROBLEMS},
    operation_id="change_flag",
    url_name="flag",
)
def change_flag(
    request: HttpRequest, workspace: Path[str], key: str, body: FlagFieldsIn, response: HttpResponse
) -> Flag:
    """Change what is said about a flag; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    flag = flag_or_404(access, key)
    expected = etags.expected_version(request)
    given = body.dict(exclude_unset=True)
    plain(given)
    changes = {name: value for name, value in given.items() if value is not None or name == "remove_by"}
    if "owner" in given:
        changes["owner"] = owner_of(access, given["owner"])
    services.change_flag(
        flag=flag, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = flag_or_404(access, key)
    etags.put(response, fresh)
    return fresh


@router.post(
    "flags/{key}/environments/{environment}/test",
    response={200: FlagTestOut, **READ_PROBLEMS},
    operation_id="test_flag",
    url_name="flag-test",
)
def test_flag(
    request: HttpRequest, workspace: Path[str], key: str, environment: str, body: FlagTestIn
) -> dict[str, Any]:
    """Say what somebody would get, and what each rule found. Nothing is kept."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    flag = flag_or_404(access, key)
    place = environment_or_404(access, environment)
    replacing = {}
    if body.use_draft and (draft := selectors.draft_of(flag=flag, environment=place)) is not None:
        replacing = {flag.flag_key: draft.definition}
    now = timezone.now()
    compiled = selectors.compiled_for(place, at=now, replacing=replacing)
    found = explaining.explain(compiled, flag.flag_key, {"currentTime": now.isoformat(), **body.context})
    answer = found.answer
    return {
        "value": answer.value,
        "variant": answer.variant,
        "reason": answer.reason,
        "rule": answer.rule,
        "why": answer.why,
        "error": answer.error,
        "verdicts": [
            {
                "rule": verdict.rule,
                "title": verdict.title,
                "outcome": verdict.outcome,
                "variant": verdict.variant,
                "findings": [{"sentence": each.sentence, "holds": each.holds} for each in verdict.findings],
            }
            for verdict in found.verdicts
        ],
    }


@router.post(
    "flag-imports",
    response={200: FlagImportOut, **WRITE_PROBLEMS},
    operation_id="import_flags",
    url_name="flag-imports",
)
def import_flags(request: HttpRequest, workspace: Path[str], body: FlagImportIn) -> Any:
    """Bring in definitions of GrowthBook, Unleash or Roadbed. What does not come along is named."""
    access = access_of(request, role=Role.MAKER)
    plain(body.definitions)
    place = environment_or_404(access, body.environment)
    return services.import_flags(
        environment=place, payload=body.definitions, actor=access.actor, at=timezone.now()
    )


@router.get(
    "flag-exports",
    response={200: FlagExportOut, **READ_PROBLEMS},
    operation_id="export_flags",
    url_name="flag-exports",
)
def export_flags(request: HttpRequest, workspace: Path[str], query: Query[FlagExportQuery]) -> dict[str, Any]:
    """Export what is live in an environment: as ours, GrowthBook's or Unleash's."""
    access = access_of(request)
    place = environment_or_404(access, query.environment)
    found = reading.read_definitions(selectors.document_of(place))
    if query.form == "roadbed":
        return {"definitions": writing.as_json(found), "notes": []}
    out = (
        growthbook_moves.to_growthbook(found)
        if query.form == "growthbook"
        else unleash_moves.to_unleash(found)
    )
    return {"definitions": out.payload, "notes": list(map(str, out.notes))}


@router.get(
    "stale-flags",
    response={200: list[StaleFlagOut], **READ_PROBLEMS},
    operation_id="list_stale_flags",
    url_name="stale-flags",
)
def list_stale_flags(request: HttpRequest, workspace: Path[str]) -> list[dict[str, Any]]:
    """List the flags that have done their work, and what is to be removed with each."""
    found = selectors.stale_flags(workspace_id=access_of(request).workspace.pk, at=timezone.now())
    return [
        {
            "flag": each.flag.flag_key,
            "key": each.flag.key,
            "reasons": each.reasons,
            "keep": each.keep,
            "remove": each.remove,
            "blocked_by": each.blocked_by,
        }
        for each in found
    ]
