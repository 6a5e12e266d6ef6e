"""Portfolios for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.modules.priorities.api import shared
from roadbed.modules.priorities.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    AcceptIn,
    ChoiceOut,
    MovedOut,
    PortfolioFields,
    PortfolioIn,
    PortfolioOut,
    PortfolioPinIn,
)
from roadbed.modules.priorities.models import Portfolio
from roadbed.modules.priorities.selectors import reading
from roadbed.modules.priorities.services import portfolios as services

router = Router(tags=["Priorities"])


@router.get(
    "portfolios",
    response={200: PageOut[PortfolioOut], **READ_PROBLEMS},
    operation_id="list_portfolios",
    url_name="portfolios",
)
def list_portfolios(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the portfolios, the newest first."""
    access = access_of(request)
    items, following = page_by_id(reading.portfolios(workspace_id=access.workspace.pk), query)
    return {"items": items, "next": following}


@router.post(
    "portfolios",
    response={201: PortfolioOut, **WRITE_PROBLEMS},
    operation_id="create_portfolio",
    url_name="portfolios",
)
def create_portfolio(
    request: HttpRequest, workspace: Path[str], body: PortfolioIn, response: HttpResponse
) -> Answer[Portfolio]:
    """Make a portfolio; it is chosen in the background."""
    access = shared.maker(request)
    values = shared.without_nulls(body.dict())
    made = services.create_portfolio(
        workspace=access.workspace,
        **(values | {"lens": shared.lens_of(access, body.lens)}),
        actor=access.actor,
        at=timezone.now(),
    )
    etags.put(response, made)
    return Answer(201, shared.portfolio_of(access, made.key))


@router.get(
    "portfolios/{key}",
    response={200: PortfolioOut, **READ_PROBLEMS},
    operation_id="get_portfolio",
    url_name="portfolio",
)
def get_portfolio(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Portfolio:
    """Read a portfolio and how it was chosen."""
    found = shared.portfolio_of(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "portfolios/{key}",
    response={200: PortfolioOut, **CHANGE_PROBLEMS},
    operation_id="change_portfolio",
    url_name="portfolio",
)
def change_portfolio(
    request: HttpRequest, workspace: Path[str], key: str, body: PortfolioFields, response: HttpResponse
) -> Portfolio:
    """Change a portfolio; what is left out stays, and it is chosen anew. Needs If-Match."""
    access = shared.maker(request)
    changes = shared.without_nulls(body.dict(exclude_unset=True))
    if "lens" in changes:
        changes["lens"] = shared.lens_of(access, changes["lens"])
    services.change_portfolio(
        portfolio=shared.portfolio_of(access, key),
        changes=changes,
        expected_version=etags.expected_version(request),
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = shared.portfolio_of(access, key)
    etags.put(response, fresh)
    return fresh


@router.get(
    "portfolios/{key}/choices",
    response={200: PageOut[ChoiceOut], **READ_PROBLEMS},
    operation_id="get_choices",
    url_name="portfolio-choices",
)
def get_choices(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[PageQuery]
) -> dict[str, Any]:
    """Read what is in, in which period, what is out, and why."""
    found = shared.portfolio_of(access_of(request), key)
    rows = found.choices.filter(record__deleted_at__isnull=True).select_related("record")
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "portfolios/{key}/solve",
    response={202: PortfolioOut, **WRITE_PROBLEMS},
    operation_id="solve_portfolio",
    url_name="portfolio-solve",
)
def solve_portfolio(request: HttpRequest, workspace: Path[str], key: str) -> Answer[Portfolio]:
    """Choose anew, in the background."""
    access = shared.maker(request)
    found = shared.portfolio_of(access, key)
    services.ask_anew(portfolio=found)
    return Answer(202, found)


@router.put(
    "portfolios/{key}/pins/{record}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="pin_in_portfolio",
    url_name="portfolio-pin",
)
def pin_in_portfolio(
    request: HttpRequest, workspace: Path[str], key: str, record: str, body: PortfolioPinIn
) -> Answer[None]:
    """Say that a feature must be in, stays out, or is left to the sums."""
    access = shared.maker(request)
    services.pin(
        portfolio=shared.portfolio_of(access, key),
        record=shared.record_of(access, record),
        word=body.word,
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(204, None)


@router.post(
    "portfolios/{key}/accept",
    response={200: MovedOut, **WRITE_PROBLEMS},
    operation_id="accept_portfolio",
    url_name="portfolio-accept",
)
def accept_portfolio(request: HttpRequest, workspace: Path[str], key: str, body: AcceptIn) -> dict[str, int]:
    """Hand the proposal, or the named part of it, to the roadmap: now, next, later."""
    access = shared.maker(request)
    found = shared.portfolio_of(access, key)
    ids = None if body.keys is None else {shared.record_of(access, one).pk for one in body.keys}
    moved, _ = services.accept(portfolio=found, record_ids=ids, actor=access.actor, at=timezone.now())
    return {"moved": moved}
