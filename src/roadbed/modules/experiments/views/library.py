"""The library of experiments: how often they win, what shipping them added, and what was learned."""

from __future__ import annotations

import csv
import io

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from roadbed.core.workspaces.access import Access, page
from roadbed.modules.experiments import selectors
from roadbed.modules.experiments.forms import lists
from roadbed.modules.experiments.selectors.figures import percent
from roadbed.modules.experiments.views import trial_parts
from roadbed.web import charts, responses
from roadbed.web.cells import guard_formula

SHOWN = 60
EXPORTED = 5_000
HEADINGS = (
    "key", "title", "state", "hypothesis", "started", "stopped", "metric", "variant", "lift", "standard_error",
    "wanted", "trusted", "recommended", "decided", "decided_variant", "against", "why", "learned", "imported",
)  # fmt: skip


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Everything that was tried, searchable, with what all of it adds up to."""
    workspace_id = access.workspace.pk
    found = selectors.library(workspace_id=workspace_id)
    text = request.GET.get("q", "").strip()[:200]
    rows = selectors.filter_experiments(
        workspace_id=workspace_id, filters={"q": text, "state": ["stopped", "decided"]}
    )
    past = {one.experiment_id: one for one in selectors.past_results(workspace_id=workspace_id)}
    cards = []
    for one in rows.order_by("-stopped_at", "-pk")[:SHOWN]:
        own = past.get(one.pk)
        decision = getattr(one, "decision", None)
        cards.append(
            {
                "experiment": one,
                "url": trial_parts.experiment_url(access, one),
                "decision": decision,
                "metric": one.primaries[0].metric.title if one.primaries else own.metric if own else "",
                "is_imported": bool(own and own.imported),
                "is_trusted": one.read_is_trusted,
                "lift": percent(own.lift) if own else "",
                "shrunk": percent(selectors.shrunk(own, found.prior)) if own and found.prior else "",
            }
        )
    chart = _chart(list(past.values()), found)
    if chart is not None and (download := charts.download(request, chart)):
        return download
    context = {
        "base": trial_parts.base(access),
        "import_url": f"/w/{access.workspace.slug}/import/new/?into=past-experiments",
        "library": found,
        "win_rate": None if found.win_rate is None else percent(found.win_rate, digits=0, sign=False),
        "spread": percent(found.prior.deviation, sign=False) if found.prior else "",
        "cards": cards,
        "q": text,
        "chart": chart,
    }
    return responses.page(request, "experiments/library.html", context)


def _chart(past: list[selectors.Past], found: selectors.Library) -> charts.Chart | None:
    """Every primary result, as it was seen and with the luck taken out."""
    if found.prior is None:
        return None
    rows = [
        {
            "experiment": f"{one.key} {one.title if len(one.title) <= 20 else f'{one.title[:19]}…'}",
            "low": 100 * (one.lift - 1.96 * one.error),
            "lift": 100 * one.lift,
            "high": 100 * (one.lift + 1.96 * one.error),
            "shrunk": 100 * selectors.shrunk(one, found.prior),
            "tone": "good" if one.shipped else "",
        }
        for one in sorted(past, key=lambda one: -one.lift)[:40]
    ]
    return charts.Chart(
        id="results",
        title="All primary results, positive where wanted",
        summary=f"{found.wins} of {found.experiments} were better beyond chance; green ones were shipped.",
        spec=charts.intervals(
            rows, y="experiment", low="low", mid="lift", high="high", tone="tone", x_title="Lift, %"
        ),
        rows=rows,
        columns=(
            ("experiment", "Experiment"),
            ("lift", "Lift, %"),
            ("low", "Low"),
            ("high", "High"),
            ("shrunk", "Shrunk"),
        ),
    )


@page()
@require_GET
def export(request: HttpRequest, access: Access) -> HttpResponse:
    """The experiments of the list as CSV: what was tried, what came out, what was decided and learned."""
    state = lists.EXPERIMENT_FILTERS.parse(
        request.GET, path=request.path, options=lists.experiment_options_for(access)
    )
    rows = selectors.filter_experiments(workspace_id=access.workspace.pk, filters=state.values)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for one in rows.order_by("number")[:EXPORTED]:
        decision = getattr(one, "decision", None)
        summary = [each for each in (one.read_summary or []) if each["role"] == "primary"]
        wanted = (decision.variant if decision else "") or one.read_variant
        line = next((each for each in summary if each["variant"] == wanted), summary[0] if summary else {})
        if (result := getattr(one, "past_result", None)) is not None:
            line = {
                "metric": result.metric, "variant": one.treatments[0], "lift": result.lift, "error": result.error,
                "wanted": result.desired,
            }  # fmt: skip
        cells = [
            one.key, one.title, one.state, one.hypothesis,
            one.started_at.isoformat() if one.started_at else "",
            one.stopped_at.isoformat() if one.stopped_at else "",
            line.get("metric") or (one.primaries[0].metric.title if one.primaries else ""),
            line.get("variant", ""), line.get("lift"), line.get("error"), line.get("wanted", ""),
            "" if one.read_is_trusted is None else "yes" if one.read_is_trusted else "no",
            f"{one.read_verdict or ''} {one.read_variant or ''}".strip(),
            decision.decided if decision else "", decision.variant if decision else "",
            ("yes" if decision.differs else "no") if decision else "",
            decision.why if decision else "", decision.learned if decision else "", "yes" if result else "no",
        ]  # fmt: skip
        writer.writerow([guard_formula("" if cell is None else cell) for cell in cells])
    answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="experiments.csv"'
    return answer
