"""The report of an experiment: Markdown for people and trackers, PDF for paper."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from django.utils import timezone

from roadbed.modules.experiments.models import Experiment, ExperimentDecision, LookPlan, PastResult, Readout
from roadbed.modules.experiments.selectors import (
    latest_readout,
    lines_of,
    metrics_of,
    percent,
    reasons_of,
    targets_of,
)
from roadbed_engines.stats.bayes import Prior

MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
MEDIA = {"markdown": "text/markdown; charset=utf-8", "pdf": "application/pdf", "json": "application/json"}
ENDINGS = {"markdown": "md", "pdf": "pdf", "json": "json"}


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A finished file."""

    name: str
    media: str
    content: bytes


def facts_of_report(*, experiment: Experiment, readout: Readout | None) -> dict[str, Any]:
    """Return what a report says, as plain words and numbers; every form of it is written from these."""
    decision = ExperimentDecision.objects.filter(experiment=experiment).first()
    document = readout.document if readout and not readout.problem else {}
    recommendation = document.get("recommendation") or {}
    prior = document.get("prior")
    belief = Prior(prior["mean"], prior["standard_deviation"]) if prior else None
    lines = lines_of(document, prior=belief, is_belief=experiment.plan == LookPlan.BAYESIAN)
    checks = (document.get("health") or {}).get("checks", [])
    return {
        "key": experiment.key,
        "title": experiment.title,
        "state": experiment.get_state_display(),
        "hypothesis": experiment.hypothesis,
        "tests": [{"key": one.key, "title": one.title} for one in targets_of(experiment)],
        "period": _period(experiment),
        "plan": experiment.get_plan_display(),
        "confidence": f"{100 * (1 - experiment.alpha):g}%",
        "smallest": f"{100 * experiment.minimum_effect:g}%" if experiment.minimum_effect else "",
        "metrics": [
            {
                "name": row.metric.title,
                "role": row.get_role_display(),
                "version": row.pinned.number if row.pinned else None,
            }
            for row in metrics_of(experiment)
        ],
        "trusted": bool(document.get("trusted", True)),
        "variants": [
            {
                "name": one["variant"],
                "units": f"{one['units']:,}",
                "share": f"{100 * (one['share'] or 0):.1f}%",
                "control": one["is_control"],
            }
            for one in document.get("variants", [])
        ],
        "checks": [{"level": one["status"], "said": one["message"]} for one in checks],
        "lines": [
            {
                "metric": one.metric,
                "variant": one.variant,
                "role": one.role,
                "values": "" if one.refused else one.values_text,
                "effect": "" if one.refused else one.effect_text,
                "interval": "" if one.refused else one.interval_text,
                "said": one.refused or one.said,
                "chance": one.chance_text,
                "p": None if one.p_value is None else f"{one.p_value:.3g}",
                "adjusted": None if one.adjusted is None else f"{one.adjusted:.3g}",
                "low": one.low,
                "high": one.high,
                "mid": one.effect,
                "lift": one.is_lift,
                "tone": one.tone,
                "refused": bool(one.refused),
            }
            for one in lines
        ],
        "problem": readout.problem if readout else _unread(experiment),
        "read_at": _moment(readout.at) if readout else "",
        "digest": readout.digest if readout else "",
        "readout": readout.number if readout else None,
        "verdict": f"{recommendation.get('verdict', '')} {recommendation.get('variant') or ''}".strip(),
        "choices": recommendation.get("choices", []),
        "reasons": reasons_of(document),
        "decision": None
        if decision is None
        else {
            "what": f"{decision.get_decided_display()} {decision.variant}".strip(),
            "by": decision.by_name,
            "at": _day(decision.at),
            "why": decision.why,
            "learned": decision.learned,
            "differs": decision.differs,
            "recommended": f"{decision.recommended} {decision.recommended_variant}".strip(),
        },
    }


def _unread(experiment: Experiment) -> str:
    """Why there is no readout: nothing was read yet, or it ran elsewhere, with what it showed there."""
    result = PastResult.objects.filter(experiment=experiment).first()
    if result is None:
        return "Nothing has been read yet."
    interval = f"{percent(result.low).removesuffix('%')} to {percent(result.high)}"
    return f"Brought in from elsewhere: {result.metric} {percent(result.lift)} ({interval}, 95%)."


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%-d %B %Y}"


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%-d %B %Y, %H:%M}"


def _period(experiment: Experiment) -> str:
    if experiment.started_at is None:
        return "Not started"
    end = _day(experiment.stopped_at) if experiment.stopped_at else "now"
    return f"{_day(experiment.started_at)} to {end}"


def escape(text: str) -> str:
    r"""Return words as Markdown shows them letter by letter, on one line.

    >>> escape("a|b *c*")
    'a\\|b \\*c\\*'
    """
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def as_markdown(facts: Mapping[str, Any]) -> str:
    """Return the report as Markdown (CommonMark with tables)."""
    out = [f"# {facts['key']} {escape(facts['title'])}", ""]
    out += [f"{facts['state']} · {facts['period']} · {facts['plan']}, {facts['confidence']}", ""]
    if facts["decision"]:
        one = facts["decision"]
        out += [f"**Decided: {escape(one['what'])}**, by {escape(one['by'])} on {one['at']}.", ""]
        if one["differs"]:
            out += [f"Against the recommendation, which was: {escape(one['recommended']) or 'none'}.", ""]
        out += [f"> {escape(one[name])}\n" for name in ("why", "learned") if one[name]]
    if facts["verdict"]:
        out += [f"**Recommended: {escape(facts['verdict'])}.**", ""]
        if facts["choices"]:
            out += [f"Between: {escape('; '.join(facts['choices']))}.", ""]
        out += [*(f"- {escape(reason)}" for reason in facts["reasons"]), ""]
    if facts["hypothesis"]:
        out += ["## Hypothesis", "", escape(facts["hypothesis"]), ""]
    if facts["tests"]:
        out += [
            "Tests " + ", ".join(f"{one['key']} {escape(one['title'])}" for one in facts["tests"]) + ".",
            "",
        ]
    if facts["problem"]:
        out += [f"**{escape(facts['problem'])}**", ""]
    if facts["lines"]:
        if not facts["trusted"]:
            out += ["**Not to be trusted: the checks below failed.**", ""]
        out += ["## Results", "", "| Metric | Variant | Control → variant | Effect | Interval | |"]
        out += ["|---|---|---|---|---|---|"]
        for one in facts["lines"]:
            cells = [
                f"{one['metric']} ({one['role']})",
                one["variant"],
                one["values"],
                one["effect"],
                one["interval"],
            ]
            out.append("| " + " | ".join(map(escape, [*cells, one["said"]])) + " |")
        out += ["", "## Health", ""]
        out += [f"- {one['level']}: {escape(one['said'])}" for one in facts["checks"]]
        out += ["", "| Variant | Units | Share |", "|---|---:|---:|"]
        out += [f"| {escape(one['name'])} | {one['units']} | {one['share']} |" for one in facts["variants"]]
        out += ["", f"Readout {facts['readout']}, {facts['read_at']}; inputs {facts['digest'][:12]}."]
    return "\n".join(out).rstrip() + "\n"


def as_pdf(facts: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the report as a tagged PDF (PDF/UA-1), typeset without a network."""
    import typst  # 60 MB of library that most processes never need

    source = resources.files("roadbed.modules.experiments").joinpath("templates/experiments/report.typ")
    content: bytes = typst.compile(
        source.read_bytes(),
        sys_inputs={"report": json.dumps(facts)},
        pdf_standards=["ua-1"],
        timestamp=at.replace(microsecond=0),
    )
    return content


def make_report(
    *, experiment: Experiment, kind: str, at: datetime, readout: Readout | None = None
) -> ReportFile:
    """Return the report as a file; `kind` is one of `MEDIA`, `readout` the newest by default."""
    chosen = readout or latest_readout(experiment)
    facts = facts_of_report(experiment=experiment, readout=chosen)
    if kind == "pdf":
        content = as_pdf(facts, at=at)
    elif kind == "json":
        content = json.dumps(facts, ensure_ascii=False, indent=2).encode()
    else:
        content = as_markdown(facts).encode()
    return ReportFile(f"{experiment.key.lower()}-report.{ENDINGS[kind]}", MEDIA[kind], content)
