"""`roadbed experiment`: analyse a test from a bare file, and plan one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli import experiment_more, metric_words, workspace_experiments
from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table

if TYPE_CHECKING:
    from roadbed.analytics.experiment import Answer, Reading
    from roadbed_engines.stats.effects import Plan

group = typer.Typer(
    no_args_is_help=True,
    help="Analyse and plan A/B tests, with no server; read and decide those of a workspace.",
)
app = typer.Typer()
app.add_typer(group, name="experiment")
group.command("list")(workspace_experiments.list_experiments)
group.command("show")(workspace_experiments.show)
group.command("refresh")(workspace_experiments.refresh)
group.command("decide")(workspace_experiments.decide)
group.command("report")(workspace_experiments.report)
group.command("switchback")(experiment_more.switchback)

Alpha = Annotated[
    float,
    typer.Option("--alpha", min=1e-6, max=0.5, help="One less the confidence: 0.05 gives 95% intervals."),
]


@group.command("analyse")
def analyse(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Parquet, CSV or TSV; a row a unit, or several.")
    ],
    variant: Annotated[str, typer.Option("--variant", metavar="COL", help="The column with the variant.")],
    metric: Annotated[
        list[str],
        typer.Option(
            "--metric",
            metavar="NAME=TYPE:COL[/COL]",
            help="What to compare; again for more, the first is the primary. TYPE: proportion (COL yes/no, or"
            " COL/COL successes of trials), mean, count, ratio (COL/COL), quantile (COL@0.9, or p90 as TYPE),"
            " retention, funnel (COL/COL/…).",
        ),
    ],
    control: Annotated[
        str, typer.Option("--control", metavar="NAME", help="Which variant the others are compared with.")
    ] = "",
    unit: Annotated[
        str,
        typer.Option(
            "--unit", metavar="COL", help="Who was randomised. Without it every row is one of its own."
        ),
    ] = "",
    covariate: Annotated[
        list[str] | None,
        typer.Option(
            "--covariate",
            metavar="[NAME=]COL[/COL]",
            help="From before exposure, to narrow the intervals (CUPED): for all metrics, or for one.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COL", help="Break down by this column; again for more."),
    ] = None,
    plan: Annotated[
        str,
        typer.Option(
            "--plan",
            metavar="sequential|fixed",
            help="Which result leads: one that may be looked at any time, or one for a size planned beforehand.",
        ),
    ] = "sequential",
    alpha: Alpha = 0.05,
    expected: Annotated[
        str,
        typer.Option(
            "--expected", "--ratio", metavar="A=0.5,B=0.5", help="The planned split; equal by default."
        ),
    ] = "",
    winsorise: Annotated[
        list[str] | None,
        typer.Option(
            "--winsorise",
            metavar="[NAME=]LOWER,UPPER",
            help="Cut means and ratios at these quantiles of all variants together, such as 0,0.99.",
        ),
    ] = None,
    ignore_zeros: Annotated[
        bool, typer.Option("--ignore-zeros", help="Take the quantiles for --winsorise without noughts.")
    ] = False,
    cluster: Annotated[
        str,
        typer.Option(
            "--cluster", metavar="COL", help="What was randomised, where that is more than a unit: accounts."
        ),
    ] = "",
    primary: Annotated[
        str, typer.Option("--primary", metavar="NAME", help="The metric to decide by; the first by default.")
    ] = "",
    guardrail: Annotated[
        list[str] | None,
        typer.Option(
            "--guardrail",
            metavar="NAME[=0.02]",
            help="A metric that must not get worse, by more than this share.",
        ),
    ] = None,
    lower_is_better: Annotated[
        list[str] | None,
        typer.Option("--lower-is-better", metavar="NAME", help="A metric that is wanted to fall."),
    ] = None,
    matters: Annotated[
        float,
        typer.Option(
            "--matters", min=0.0, help="The smallest lift of the primary that matters: 0.02 for 2%."
        ),
    ] = 0.0,
    planned: Annotated[
        int, typer.Option("--planned", min=0, help="How many units were planned, all variants together.")
    ] = 0,
    correction: Annotated[
        str,
        typer.Option(
            "--correction",
            metavar="preferential|holm|benjamini-hochberg|none",
            help="For p_value_adjusted, over all metrics and variants.",
        ),
    ] = "preferential",
    prior: Annotated[
        str,
        typer.Option("--prior", metavar="MEAN,SD", help="What lifts are believed to be beforehand: 0,0.05."),
    ] = "",
    past: Annotated[
        Path | None,
        typer.Option(
            "--past", metavar="FILE", help="Or learned: a table of past experiments, columns lift and error."
        ),
    ] = None,
    strata: Annotated[
        str,
        typer.Option("--strata", metavar="COL", help="Post-stratify by this column, fixed before exposure."),
    ] = "",
    over: Annotated[
        str,
        typer.Option(
            "--over", metavar="COL", help="Whether effects fade along this column of numbers (days, weeks)."
        ),
    ] = "",
    days: Annotated[
        float, typer.Option("--days", min=0.0, help="How long it has run, to tell the days left.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Analyse an A/B test from a file: health, effects with intervals, breakdowns and a recommendation.

    Both plans are always in the JSON: `fixed_horizon` (Welch, or the two-proportion z test) and `always_valid`;
    `--plan` says which one leads and decides. A metric that cannot be told is refused with the reason.

    The JSON, shortened; figures have full precision, and what cannot be told is null or an entry with `refused`:

        {"file": "test.csv", "plan": "fixed", "alpha": 0.05, "control": "A", "units": 2000, "trusted": true,
         "variants": [{"variant": "A", "units": 1000, "share": 0.5, "is_control": true}],
         "srm": {"statistic": 0.0, "p_value": 1.0, "status": "passed", "flagged": false, "failed": false,
                 "observed": {"A": 1000, "B": 1000}, "expected": {"A": 1000, "B": 1000}, "by": {}},
         "health": {"status": "ok", "checks": [{"check": "sample ratio", "status": "ok", "message": ""}]},
         "metrics": [{"metric": "spend", "type": "mean", "columns": ["spend"], "role": "primary",
            "results": [{"variant": "B", "control": "A", "n_control": 1000, "n": 1000,
               "mean_control": 2.0, "mean": 2.1, "difference": 0.1, "standard_error": 0.04,
               "ci_low": 0.02, "ci_high": 0.18, "p_value": 0.01, "p_value_adjusted": 0.01,
               "relative_lift": 0.05, "relative_ci_low": 0.01, "relative_ci_high": 0.09, "significant": true,
               "plan": "fixed", "method": "welch", "cuped": {"used": true, "variance_reduction": 0.4},
               "unadjusted": {}, "fixed_horizon": {}, "always_valid": {}, "bayesian": {}, "trusted": true}],
            "between_variants": [],
            "by": {"country": {"heterogeneity": [{"variant": "B", "p_value": 0.3}],
                               "rows": [{"value": "NL", "variant": "B", "difference": 0.1}]}}}],
         "refused": [{"metric": "m", "variant": "B", "reason": ""}],
         "recommendation": {"verdict": "ship", "variant": "B", "choices": [], "reasons": [""]},
         "post_stratified": [{"metric": "spend", "variant": "B", "difference": 0.1, "variance_reduction": 0.1}],
         "over_time": [{"metric": "spend", "variant": "B", "course": "fades", "slope": -0.01, "p_value": 0.01}],
         "progress": {"complete": false, "days_left": 6}}

    The last three are there where --strata, --over and --days ask for them. --by another experiment's variant tells
    whether the two get in each other's way.

    Examples:

        roadbed experiment analyse test.csv --unit user --variant arm --control A --metric paid=proportion:paid
        roadbed experiment analyse test.parquet --variant arm --control A --metric aov=ratio:spend/orders --by country
        roadbed experiment analyse test.csv --variant arm --control A --metric spend=mean:spend --covariate was --json
        roadbed experiment analyse days.csv --variant arm --control A --metric paid=proportion:payments/clicks
    """
    from roadbed.analytics import document, experiment, files
    from roadbed.analytics.asking import BadQuestionError, Question
    from roadbed_engines.errors import NotEnoughDataError

    try:
        table = files.open_file(file)
        words = metric_words.Words(
            metrics=metric,
            covariates=covariate or (),
            winsorise=winsorise or (),
            ignore_zeros=ignore_zeros,
            primary=primary,
            guardrails=guardrail or (),
            lower_is_better=lower_is_better or (),
            matters=matters,
        )
        question = Question(
            variant=variant,
            control=control,
            metrics=metric_words.read_metrics(words, table.columns),
            unit=unit,
            cluster=cluster,
            dimensions=tuple(dict.fromkeys([*(by or ()), *filter(None, (strata, over))])),
            shares=metric_words.read_shares(expected),
        )
        reading = _reading(plan=plan, alpha=alpha, correction=correction, prior=prior, planned=planned)
        if past is not None:
            learned = experiment_more.past_prior(past)
            reading = replace(reading, options=replace(reading.options, prior=learned))
        answer = experiment.ask(table, question, reading)
        if planned or matters:
            answer = experiment.with_state(answer, planned=planned, days=days)
        beside = experiment_more.more(answer, strata=strata, over=over, days=days, planned=planned)
    except (files.UnreadableFileError, BadQuestionError, NotEnoughDataError) as error:
        said = str(error)
        end(Exit.FAILURE, said if file.name in said else f"{file.name}: {said}")
    if as_json:
        print_json({"file": file.name, **document.document(answer), **beside})
        return
    _tell(answer)
    experiment_more.tell(beside)


def _reading(*, plan: str, alpha: float, correction: str, prior: str, planned: int) -> Reading:
    from roadbed.analytics.experiment import Reading
    from roadbed_engines.stats import sequences
    from roadbed_engines.stats.bayes import Prior
    from roadbed_engines.stats.multiplicity import Correction
    from roadbed_engines.stats.readout import Options

    belief = None
    if prior:
        mean, deviation = metric_words.read_pair(prior, "--prior")
        if not deviation > 0:
            end(Exit.USAGE, "--prior: the standard deviation is not above 0.")
        belief = Prior(mean, deviation)
    if correction not in set(Correction):
        end(Exit.USAGE, f"“{correction}” is no correction.", fix=f"There are: {', '.join(Correction)}.")
    return Reading(
        options=Options(
            alpha=alpha, plan=_plan(plan), tuned_for=planned or sequences.TUNED_FOR, prior=belief
        ),
        correction=Correction(correction),
    )


def _plan(plan: str) -> Plan:
    from roadbed_engines.stats.effects import Plan

    if plan not in set(Plan):
        end(Exit.USAGE, f"“{plan}” is no plan.", fix="Write --plan sequential or --plan fixed.")
    return Plan(plan)


def _tell(answer: Answer) -> None:
    found = answer.analysis
    rows = []
    for one in found.comparisons:
        if one.effect is None or one.pair is None:
            rows.append((one.metric.name, one.variant, "", "", "", f"refused: {one.refused}"))
            continue
        lift = one.effect.lift
        rows.append(
            (
                one.metric.name,
                one.variant,
                f"{one.pair.control.value:.6g} → {one.pair.treatment.value:.6g}",
                f"{one.effect.difference:+.4g} ({one.effect.low:+.4g} to {one.effect.high:+.4g})",
                f"{lift.lift:+.1%} ({lift.low:+.1%} to {lift.high:+.1%})" if lift else "",
                f"p = {one.effect.p_value:.3g}" + ("" if found.is_trusted else ", not to be trusted"),
            )
        )
    print_table(
        ["metric", "variant", f"{found.control} → variant", "difference", "lift", ""],
        rows,
        title=f"{found.options.plan.value} plan, {1 - found.options.alpha:.4g} confidence",
    )
    for segments in found.segments:
        _tell_segments(segments)
    marks = {"ok": "ok", "warning": "look", "failed": "FAILED"}
    for check in found.checks:
        typer.echo(f"{marks[check.level.value]:>6}  {check.message}")
    said = found.recommendation
    typer.echo(f"\n{said.verdict.value.capitalize()}{f' {said.variant}' if said.variant else ''}.")
    if said.choices:
        typer.echo(f"  Between: {'; '.join(said.choices)}.")
    for reason in said.reasons:
        typer.echo(f"  {reason}")


def _tell_segments(found: Any) -> None:
    rows = [
        (
            value,
            f"{one.effect.difference:+.4g} ({one.effect.low:+.4g} to {one.effect.high:+.4g})"
            if one.effect
            else f"refused: {one.refused}",
        )
        for value, one in found.comparisons
    ]
    name = found.comparisons[0][1].metric.name if found.comparisons else ""
    differs = f", differs with p = {found.heterogeneity.p_value:.3g}" if found.heterogeneity else ""
    print_table([found.dimension, "difference"], rows, title=f"{name} in {found.variant}{differs}")


@group.command("plan")
def plan(
    baseline: Annotated[float, typer.Option("--baseline", help="Control's share (0.2 for 20%) or mean.")],
    lift: Annotated[
        float, typer.Option("--lift", help="The smallest lift worth finding: 0.05 for 5% of the baseline.")
    ] = 0.0,
    effect: Annotated[
        float, typer.Option("--effect", help="Or the smallest difference, in the metric's unit.")
    ] = 0.0,
    deviation: Annotated[
        float,
        typer.Option(
            "--deviation", min=0.0, help="Of one unit, for a mean. Without it the metric is a share."
        ),
    ] = 0.0,
    alpha: Alpha = 0.05,
    power: Annotated[
        float, typer.Option("--power", min=0.01, max=0.999, help="The chance to find it.")
    ] = 0.8,
    treatments: Annotated[int, typer.Option("--treatments", min=1, help="Variants beside control.")] = 1,
    split: Annotated[
        float, typer.Option("--split", min=0.001, max=1000.0, help="A treatment's units over control's.")
    ] = 1.0,
    explained: Annotated[
        float,
        typer.Option(
            "--explained", min=0.0, max=0.99, help="Share of the variance that covariates take out."
        ),
    ] = 0.0,
    per_day: Annotated[
        float, typer.Option("--per-day", min=0.0, help="Units that come in a day, to tell how long it takes.")
    ] = 0.0,
    plan: Annotated[
        str, typer.Option("--plan", metavar="sequential|fixed", help="How it will be looked at.")
    ] = "fixed",
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Say how many units a test takes, and how long that is.

    Examples:

        roadbed experiment plan --baseline 0.20625 --effect 0.01
        roadbed experiment plan --baseline 52 --deviation 195 --lift 0.03 --per-day 4000 --json
    """
    from roadbed_engines.errors import NotEnoughDataError
    from roadbed_engines.stats import planning

    wanted = effect or lift * baseline
    if wanted == 0:
        end(
            Exit.USAGE,
            "There is no effect to find.",
            fix="Give --lift 0.05, or --effect in the metric's unit.",
        )
    design = planning.Design(alpha=alpha, power=power, ratio=split, plan=_plan(plan), explained=explained)
    try:
        if deviation:
            size = planning.size_for_mean(
                effect=wanted, deviation=deviation, design=design, treatments=treatments
            )
        else:
            size = planning.size_for_share(
                baseline=baseline, effect=wanted, design=design, treatments=treatments
            )
        days = planning.days_for(units=size.total, units_a_day=per_day) if per_day else None
    except (NotEnoughDataError, ValueError) as error:
        end(Exit.FAILURE, f"{error}.")
    if as_json:
        print_json(
            {
                "plan": plan,
                "alpha": alpha,
                "power": power,
                "baseline": baseline,
                "effect": wanted,
                "units_control": size.control,
                "units_treatment": size.treatment,
                "units": size.total,
                "days": days,
            }
        )
        return
    typer.echo(
        f"{size.total:,} units: {size.control:,} in control, {size.treatment:,} in each of {treatments} treatment"
        f"{'' if treatments == 1 else 's'}."
    )
    if days is not None:
        typer.echo(f"At {per_day:,.0f} a day, {days} days, in whole weeks.")
