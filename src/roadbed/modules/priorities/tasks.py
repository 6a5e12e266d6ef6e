"""What the module does in the background."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from roadbed.core.jobs import services as jobs
from roadbed.modules.priorities import services
from roadbed.modules.priorities.models import Lens, Portfolio
from roadbed.modules.priorities.services import portfolios


@jobs.task("priorities.rank", label="Rank by a lens", timeout=timedelta(minutes=10))
def rank(context: jobs.Context, *, lens_id: int) -> dict[str, object] | None:
    """Rank by one lens; running it again finds nothing to do."""
    lens = (
        Lens.objects.in_workspace(context.workspace_id or 0)
        .select_related("workspace")
        .filter(pk=lens_id)
        .first()
    )
    if lens is None:
        return None
    found = services.rank(lens=lens, at=context.now())
    url = f"/w/{lens.workspace.slug}/priorities/lenses/{lens.number}/"
    return {"text": f"Ranked {found.scored} by {lens.title}.", "url": url}


@jobs.task("priorities.rank_all", label="Rank by every lens", timeout=timedelta(minutes=30))
def rank_all(context: jobs.Context) -> dict[str, object]:
    """Rank by every lens of the workspace that something changed for."""
    lenses = list(Lens.objects.in_workspace(context.workspace_id or 0).not_archived().order_by("pk"))
    for done, lens in enumerate(lenses):
        context.progress(done, len(lenses), f"Ranking by {lens.title}")
        services.rank(lens=lens, at=context.now())
    return {"text": f"Ranked by {len(lenses)} lenses."}


@jobs.task("priorities.solve", label="Choose a portfolio", timeout=timedelta(minutes=5))
def solve(context: jobs.Context, *, portfolio_id: int) -> dict[str, object] | None:
    """Choose what to take on, with a proof where time allows."""
    rows = Portfolio.objects.in_workspace(context.workspace_id or 0).select_related("workspace", "lens")
    portfolio = rows.filter(pk=portfolio_id).first()
    if portfolio is None:
        return None
    context.progress(0, 1, "Choosing")
    portfolios.solve(portfolio=portfolio, at=context.now())
    url = f"/w/{portfolio.workspace.slug}/priorities/portfolios/{portfolio.number}/"
    return {"text": portfolio.problem or f"Chose what {portfolio.title} takes on.", "url": url}


@jobs.task("priorities.nightly", label="Rank what days have moved", priority=-10)
def nightly(context: jobs.Context) -> None:
    """Ask for new rankings everywhere: counts of what was heard grow, and fixed dates come nearer."""
    for workspace_id in (
        Lens.objects.filter(deleted_at__isnull=True).values_list("workspace_id", flat=True).distinct()
    ):
        with transaction.atomic():
            services.enqueue_rankings(workspace_id)


jobs.schedule("priorities.nightly", every=timedelta(days=1), at="03:40")
