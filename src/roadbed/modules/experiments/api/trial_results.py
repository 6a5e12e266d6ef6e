"""What experiments showed: readouts, decisions, reports and links to them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import problems
from roadbed.core.api.auth import access_of
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api import trial_schemas as schemas
from roadbed.modules.experiments.api.flags import plain
from roadbed.modules.experiments.api.schemas import FlagDraftOut
from roadbed.modules.experiments.api.trials import experiment_or_404, shown
from roadbed.modules.experiments.models import FlagDraft, Readout, ReportShare

router = Router(tags=["experiments"])


@router.get(
    "experiments/{key}/readouts",
    response={200: list[schemas.ReadoutShortOut], **problems.READ},
    operation_id="list_readouts",
    url_name="experiment-readouts",
)
def list_readouts(request: HttpRequest, workspace: Path[str], key: str) -> list[Readout]:
    """List the readouts of an experiment, the newest first."""
    return list(selectors.readouts_of(experiment_or_404(access_of(request), key)))


@router.get(
    "experiments/{key}/readouts/{int:number}",
    response={200: schemas.ReadoutOut, **problems.READ},
    operation_id="get_readout",
    url_name="experiment-readout",
)
def get_readout(request: HttpRequest, workspace: Path[str], key: str, number: int) -> Readout:
    """Get one readout as it was: what was asked, of which data, and every figure."""
    experiment = experiment_or_404(access_of(request), key)
    return selectors.access_readout(experiment=experiment, number=number)


@router.put(
    "experiments/{key}/decision",
    response={200: schemas.ExperimentOut, **problems.WRITE},
    operation_id="decide_experiment",
    url_name="experiment-decision",
)
def decide_experiment(
    request: HttpRequest, workspace: Path[str], key: str, body: schemas.ExperimentDecisionIn
) -> dict[str, Any]:
    """Decide; against the recommendation only with a reason, which is kept beside it."""
    access = access_of(request, role=Role.MAKER)
    experiment = experiment_or_404(access, key)
    plain(body.dict())
    choice = services.Choice(body.decided, body.variant, body.why, body.learned)
    services.decide_experiment(experiment=experiment, choice=choice, actor=access.actor, at=timezone.now())
    return shown(access, key)


@router.delete(
    "experiments/{key}/decision",
    response={200: schemas.ExperimentOut, **problems.WRITE},
    operation_id="withdraw_decision",
    url_name="experiment-decision",
)
def withdraw_decision(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Take a decision back; it stays in the history."""
    access = access_of(request, role=Role.MAKER)
    experiment = experiment_or_404(access, key)
    services.withdraw_decision(experiment=experiment, actor=access.actor, at=timezone.now())
    return shown(access, key)


@router.post(
    "experiments/{key}/flag-draft",
    response={200: FlagDraftOut, **problems.WRITE},
    operation_id="draft_decision_on_flag",
    url_name="experiment-flag-draft",
)
def draft_decision_on_flag(request: HttpRequest, workspace: Path[str], key: str) -> FlagDraft:
    """Draft on the flag what was decided; nothing is live until somebody publishes it."""
    access = access_of(request, role=Role.MAKER)
    experiment = experiment_or_404(access, key)
    return services.propose_on_flag(experiment=experiment, actor=access.actor, at=timezone.now())


@router.get(
    "experiments/{key}/report",
    response=problems.READ,
    operation_id="get_experiment_report",
    url_name="experiment-report",
    openapi_extra={
        "responses": {
            200: {
                "description": "The report as a file.",
                "content": {
                    "text/markdown": {"schema": {"type": "string"}},
                    "application/pdf": {"schema": {"type": "string"}},
                    "application/json": {"schema": {"type": "object"}},
                },
            }
        }
    },
)
def get_experiment_report(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[schemas.ReportQuery]
) -> HttpResponse:
    """Return the report as Markdown, as PDF, or as JSON."""
    experiment = experiment_or_404(access_of(request), key)
    made = services.make_report(experiment=experiment, kind=query.form, at=timezone.now())
    return HttpResponse(made.content, content_type=made.media)


def _share(share: ReportShare) -> dict[str, Any]:
    return {
        "id": share.pk,
        "name": share.name,
        "has_password": bool(share.password),
        "created_at": share.created_at,
        "expires_at": share.expires_at,
        "open": share.is_open(timezone.now()),
    }


@router.get(
    "experiments/{key}/shares",
    response={200: list[schemas.ReportShareOut], **problems.READ},
    operation_id="list_report_shares",
    url_name="report-shares",
)
def list_report_shares(request: HttpRequest, workspace: Path[str], key: str) -> list[dict[str, Any]]:
    """List the links to a report."""
    experiment = experiment_or_404(access_of(request, role=Role.MAKER), key)
    return [_share(one) for one in selectors.report_shares_of(experiment)]


@router.post(
    "experiments/{key}/shares",
    response={201: schemas.ReportShareMadeOut, **problems.WRITE},
    operation_id="share_report",
    url_name="report-shares",
)
def share_report(
    request: HttpRequest, workspace: Path[str], key: str, body: schemas.ReportShareIn
) -> Answer[dict[str, Any]]:
    """Make a link to a report. Its address is told once: only its hash is kept."""
    access = access_of(request, role=Role.MAKER)
    plain(body.dict())
    share, secret = services.share_report(
        experiment=experiment_or_404(access, key),
        name=body.name,
        password=body.password,
        expires_at=body.expires_at,
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(201, {**_share(share), "address": request.build_absolute_uri(f"/x/{secret}/")})


@router.delete(
    "experiments/{key}/shares/{int:share_id}",
    response={204: None, **problems.WRITE},
    operation_id="revoke_report_share",
    url_name="report-share",
)
def revoke_report_share(request: HttpRequest, workspace: Path[str], key: str, share_id: int) -> Answer[None]:
    """Let a link to a report lead nowhere any more."""
    access = access_of(request, role=Role.MAKER)
    experiment = experiment_or_404(access, key)
    share = selectors.access_report_share(experiment=experiment, share_id=share_id)
    services.revoke_report_share(share=share, actor=access.actor, at=timezone.now())
    return Answer(204, None)
