"""What the page of a started experiment shows, from one readout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest

from roadbed.core.workspaces.access import Access
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Experiment, LookPlan, PriorKind, Randomised, Readout
from roadbed.modules.experiments.selectors import Line, line_of, lines_of
from roadbed.modules.experiments.selectors.figures import amount, percent
from roadbed.modules.experiments.views import trial_parts
from roadbed.web import charts
from roadbed_engines.stats.bayes import Prior

MOST_VALUES = 12


def prior_asked(request: HttpRequest, experiment: Experiment) -> tuple[Prior | None, dict[str, Any]]:
    """Return the belief that the Bayesian column takes, and the form that changes it for this look.

    What is not asked for is the experiment's own.
    """
    learned = selectors.learned_prior(workspace_id=experiment.workspace_id, without=experiment.pk)
    kind = request.GET.get("prior", experiment.prior)
    mean, deviation = experiment.prior_mean, experiment.prior_deviation
    error = ""
    try:
        mean = float(request.GET.get("mean", mean * 100)) / 100
        deviation = float(request.GET.get("deviation", deviation * 100)) / 100
        if not (0 < deviation <= 10 and abs(mean) <= 10):
            raise ValueError
    except ValueError:
        error = "A prior has a mean, and a deviation above 0, both in per cent."
        mean, deviation = experiment.prior_mean, experiment.prior_deviation
    found = {
        PriorKind.WRITTEN: Prior(mean, deviation),
        PriorKind.LEARNED: learned,
    }.get(PriorKind(kind) if kind in PriorKind.values else PriorKind.FLAT)
    choices = [(PriorKind.FLAT, "Nothing"), (PriorKind.WRITTEN, "As written here")]
    if learned is not None:
        choices.append((PriorKind.LEARNED, f"What {learned.experiments} past experiments teach"))
    return found, {
        "kind": kind,
        "mean": f"{mean * 100:g}",
        "deviation": f"{deviation * 100:g}",
        "choices": [(str(value), label) for value, label in choices],
        "learned": learned,
        "error": error,
        "said": prior_words(found),
    }


def prior_words(prior: Prior | None) -> str:
    """What is believed beforehand."""
    if prior is None:
        return "Nothing is believed beforehand: the data speak alone."
    spread = f"two thirds of lifts within {percent(prior.deviation, sign=False)} of {percent(prior.mean)}"
    taught = f", as {prior.experiments} past experiments teach" if prior.experiments else ""
    return f"Believed beforehand: {spread}{taught}."


def results(experiment: Experiment, readout: Readout, prior: Prior | None) -> dict[str, Any]:
    """The lines of the forest, drawn on one scale, and what stands beside them."""
    document = readout.document
    lines = lines_of(document, prior=prior, is_belief=experiment.plan == LookPlan.BAYESIAN)
    lifts = [one for one in lines if one.is_lift or one.refused]
    scale = trial_parts.scale_of(lifts)
    several = len(experiment.treatments) > 1
    rows = []
    for one in lines:
        own = scale if one.is_lift else trial_parts.scale_of([one])
        tone = one.tone if readout.is_trusted else ""
        rows.append(
            {
                "line": one,
                "svg": ""
                if one.refused
                else trial_parts.drawing(one, own, tone=tone, margin=one.margin if one.is_lift else 0),
                "smallest": "" if one.smallest is None else percent(one.smallest, sign=False),
                "reached": one.reached,
                "reduction": None if not one.reduction else percent(one.reduction, digits=0, sign=False),
                "risk": None
                if one.posterior is None
                else percent(one.posterior.loss_if_shipped, digits=2, sign=False),
                "believed": ""
                if one.posterior is None or not one.is_lift
                else f"{percent(one.posterior.mean)} ({percent(one.posterior.low).removesuffix('%')} to"
                f" {percent(one.posterior.high)})",
            }
        )
    return {
        "rows": rows,
        "several": several,
        "lines": lines,
        "scale": axis(scale),
        "has_belief": any(r["believed"] for r in rows),
    }


def axis(scale: trial_parts.Scale) -> list[str]:
    """The ends of the scale in words."""
    return [percent(scale.low, digits=0), percent(scale.high, digits=0)]


def progress(experiment: Experiment, readout: Readout, lines: Sequence[Line]) -> dict[str, Any] | None:
    """How far the primary metric has come: the slowest treatment counts."""
    own = [one for one in lines if one.role == "primary" and one.reached is not None]
    if experiment.plan == LookPlan.FIXED and experiment.planned_units:
        reached = min(1.0, readout.units / experiment.planned_units)
        said = f"{readout.units:,} of {experiment.planned_units:,} planned units"
    elif own:
        slowest = min(own, key=lambda one: one.reached or 0.0)
        reached = slowest.reached or 0.0
        said = (
            f"precise enough to find {percent(slowest.smallest or 0.0, sign=False)} now; you asked for"
            f" {percent(experiment.minimum_effect, sign=False)}"
        )
    else:
        return None
    return {
        "reached": reached,
        "said": said,
        "label": "Precision reached",
        "days_left": readout.days_left if experiment.is_running else None,
    }


def breakdowns(readout: Readout) -> list[dict[str, Any]]:
    """The primary metric by the values of each dimension, with the test of whether the effect differs."""
    alpha = float(readout.document.get("alpha", 0.05))
    found = []
    for metric in readout.metrics:
        if metric["role"] != "primary":
            continue
        for name, table in (metric.get("by") or {}).items():
            lines = [(row["value"], line_of(metric, row, alpha=alpha)) for row in table["rows"]]
            lines.sort(key=lambda pair: -(pair[1].units + pair[1].units_control))
            scale = trial_parts.scale_of([line for _, line in lines if line.is_lift])
            found.append(
                {
                    "name": name,
                    "tests": [_differs(name, one) for one in table["heterogeneity"]],
                    "rows": [
                        {
                            "value": value or "(empty)",
                            "line": line,
                            "svg": ""
                            if line.refused
                            else trial_parts.drawing(
                                line,
                                scale if line.is_lift else trial_parts.scale_of([line]),
                                tone=line.tone if readout.is_trusted else "",
                            ),
                        }
                        for value, line in lines[:MOST_VALUES]
                    ],
                    "more": max(0, len(lines) - MOST_VALUES),
                }
            )
    return found


def _differs(name: str, one: Mapping[str, Any]) -> dict[str, str]:
    if "refused" in one:
        return {
            "tone": "",
            "said": f"Whether {one['variant']} does differently by {name} cannot be told: {one['refused']}.",
        }
    p = f"p = {one['p_value']:.2g}"
    if one["p_value"] < 0.05:
        where = f", most of all for {', '.join(one['outlying'])}" if one["outlying"] else ""
        return {"tone": "warn", "said": f"The effect of {one['variant']} differs by {name}{where} ({p})."}
    return {"tone": "", "said": f"No difference in the effect of {one['variant']} by {name} was found ({p})."}


def interactions(readout: Readout) -> list[dict[str, Any]]:
    """What other experiments do to the primary effect."""
    kinds = {metric["metric"]: metric["type"] for metric in readout.metrics if metric["role"] == "primary"}
    kind = next(iter(kinds.values()), "mean")
    found = []
    for one in readout.document.get("interactions", []):
        told = "refused" not in one
        clash = told and one["p_value"] < 0.05
        effects = "; ".join(
            f"with {each['with']} {amount(each['effect'], kind=kind, sign=True)}" for each in one["effects"]
        )
        found.append(
            {
                "key": one["experiment"],
                "variant": one["variant"],
                "tone": "warn" if clash else "",
                "said": f"cannot be told: {one['refused']}"
                if not told
                else f"{'changes the effect' if clash else 'no clash found'} (p = {one['p_value']:.2g}): {effects}",
            }
        )
    return found


def checks(readout: Readout) -> list[dict[str, str]]:
    """The checks, the worst first."""
    marks = {"failed": ("bad", "Failed"), "warning": ("warn", "Look"), "ok": ("good", "Fine")}
    order = {"failed": 0, "warning": 1, "ok": 2}
    rows = (readout.document.get("health") or {}).get("checks", [])
    return [
        {"tone": marks[one["status"]][0], "word": marks[one["status"]][1], "said": one["message"]}
        for one in sorted(rows, key=lambda one: order[one["status"]])
    ]


def leaks(readout: Readout) -> list[dict[str, Any]]:
    """Where units are missing, by dimension."""
    by = ((readout.document.get("srm") or {}).get("by")) or {}
    return [
        {
            "dimension": name,
            "value": leak["value"],
            "observed": [(variant, f"{count:,}") for variant, count in leak["observed"].items()],
            "missing": ", ".join(
                f"about {round(count):,} of {variant}"
                for variant, count in leak["missing"].items()
                if count >= 1
            ),
        }
        for name, one in by.items()
        for leak in one["leaks"]
    ]


def split(experiment: Experiment, readout: Readout) -> list[dict[str, Any]]:
    """Units by variant, beside what was planned."""
    whole = sum(experiment.shares.values()) or 1.0
    return [
        {
            "name": one["variant"],
            "units": one["units"],
            "share": one["share"] or 0.0,
            "planned": experiment.shares.get(one["variant"], 0.0) / whole,
            "is_control": one["is_control"],
        }
        for one in readout.document.get("variants", [])
    ]


def pictures(
    experiment: Experiment, readout: Readout, lines: Sequence[Line]
) -> dict[str, charts.Chart | None]:
    """The charts of the page."""
    primary = next((one for one in lines if one.role == "primary"), None)
    if primary is None:
        return {}
    novelty = next(
        (one for one in readout.document.get("novelty", []) if one["variant"] == primary.variant), None
    )
    return {
        "forest": trial_parts.forest_chart(lines, title=f"{experiment.key} against {experiment.control}"),
        "narrowing": trial_parts.history_chart(
            [one for one in selectors.readouts_of(experiment, most=120) if not one.problem],
            metric=primary.metric,
            variant=primary.variant,
        ),
        "novelty": trial_parts.novelty_chart(novelty, metric=primary.metric) if novelty else None,
    }


def past_of(experiment: Experiment) -> dict[str, str] | None:
    """What an experiment showed that was brought in from elsewhere, in words; None for every other."""
    result = getattr(experiment, "past_result", None)
    if result is None:
        return None
    return {
        "metric": result.metric,
        "lift": percent(result.lift),
        "interval": f"{percent(result.low).removesuffix('%')} to {percent(result.high)}",
    }


def dealt_to(experiment: Experiment) -> str:
    """What is dealt out: units, accounts by their column, or periods of so many hours."""
    if experiment.randomised == Randomised.PERIODS:
        place = f" of a {experiment.cluster}" if experiment.cluster else ""
        left = f", less the first {experiment.washout_minutes} min" if experiment.washout_minutes else ""
        return f"{experiment.period_hours} h{place}{left}"
    return experiment.cluster if experiment.cluster else str(experiment.get_randomised_display())


def about(access: Access, experiment: Experiment) -> list[tuple[str, str]]:
    """What the page says beside it: how it was set up."""
    del access
    if getattr(experiment, "past_result", None) is not None:
        return []
    rows = [
        ("Plan", experiment.get_plan_display()),
        ("Intervals", f"{100 * (1 - experiment.alpha):g}%"),
        (
            "Smallest that matters",
            percent(experiment.minimum_effect, sign=False) if experiment.minimum_effect else "not said",
        ),
        ("Dealt out to", dealt_to(experiment)),
        ("Many metrics", experiment.get_correction_display()),
    ]
    if experiment.strata:
        rows.insert(4, ("Post-stratified by", experiment.strata))
    if experiment.planned_units:
        rows.insert(1, ("Planned size", f"{experiment.planned_units:,} units"))
    return rows


def is_against_ready(experiment: Experiment, readout: Readout | None) -> dict[str, list[str]]:
    """Which decisions go against the recommendation, so that the form can say when it wants a reason."""
    from roadbed.modules.experiments.models import Decided

    found = []
    for decided in Decided.values:
        variants = experiment.treatments if decided == Decided.SHIP else [""]
        if all(
            services.is_against(choice=services.Choice(Decided(decided), variant), readout=readout)
            for variant in variants
        ):
            found.append(decided)
    return {"against": found}
