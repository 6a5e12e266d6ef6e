"""The answer as plain data, for JSON: the same words in the terminal, the API and reports."""

from __future__ import annotations

import math
from typing import Any

from roadbed.analytics.experiment import Answer
from roadbed_engines.stats import health
from roadbed_engines.stats.bayes import Posterior
from roadbed_engines.stats.effects import Effect
from roadbed_engines.stats.readout import Comparison, Metric, Segments
from roadbed_engines.stats.sample_ratio import FAILED_BELOW, SUSPECT_BELOW, Diagnosis, SampleRatio

Document = dict[str, Any]


def document(answer: Answer) -> Document:
    """Return everything that was found; figures at full precision, what cannot be told as null with a reason."""
    found, counts = answer.analysis, answer.units.counts
    whole = sum(found.units.values())
    recommended = found.recommendation
    checks = [{"check": one.name, "status": one.level.value, "message": one.message} for one in found.checks]
    return {
        "plan": found.options.plan.value,
        "alpha": found.options.alpha,
        "confidence": round(1.0 - found.options.alpha, 12),
        "tuned_for": found.options.tuned_for,
        "correction": found.correction.value,
        "control": found.control,
        "variants": [
            {
                "variant": name,
                "units": found.units.get(name, 0),
                "share": found.units.get(name, 0) / whole if whole else None,
                "is_control": name == found.control,
            }
            for name in answer.variants
        ],
        "units": whole,
        "rows": counts.rows,
        "repeated_rows": counts.repeated,
        "jumpers": counts.jumpers,
        "rows_without_variant": counts.without_variant,
        "rows_without_unit": counts.without_unit,
        "trusted": found.is_trusted,
        "srm": _ratio(answer, found.ratio),
        "health": {"status": health.worst(found.checks).value, "checks": checks},
        "metrics": [_metric(answer, metric) for metric in _metrics(answer)],
        "refused": [
            {"metric": one.metric.name, "variant": one.variant, "reason": one.refused}
            for one in found.comparisons
            if one.refused
        ],
        "recommendation": {
            "verdict": recommended.verdict.value,
            "variant": recommended.variant or None,
            "choices": list(recommended.choices),
            "reasons": list(recommended.reasons),
        },
    }


def _metrics(answer: Answer) -> list[Metric]:
    """Return the metrics as they were read, the primary marked."""
    seen: dict[str, Metric] = {}
    for one in answer.analysis.comparisons:
        seen.setdefault(one.metric.name, one.metric)
    return list(seen.values())


def _ratio(answer: Answer, ratio: SampleRatio | None) -> Document:
    if ratio is None:
        reason = next(one.message for one in answer.analysis.checks if one.name == "sample ratio")
        return {
            "statistic": None,
            "p_value": None,
            "status": "untold",
            "flagged": False,
            "failed": False,
            "reason": reason,
        }
    return {
        "statistic": ratio.statistic,
        "degrees_of_freedom": ratio.freedom,
        "p_value": ratio.p_value,
        "status": ratio.status.value,
        "flagged": ratio.is_flagged,
        "failed": ratio.status.value == "failed",
        "failed_below": FAILED_BELOW,
        "flagged_below": SUSPECT_BELOW,
        "observed": dict(zip(answer.variants, ratio.counts, strict=True)),
        "expected": dict(zip(answer.variants, ratio.expected, strict=True)),
        "by": {name: _diagnosis(answer, one) for name, one in answer.analysis.diagnoses.items()},
    }


def _diagnosis(answer: Answer, one: Diagnosis) -> Document:
    return {
        "statistic": one.statistic,
        "degrees_of_freedom": one.freedom,
        "p_value": one.p_value,
        "differs": one.differs,
        "leaks": [
            {
                "value": leak.value,
                "p_value": leak.p_value,
                "observed": dict(zip(answer.variants, leak.ratio.counts, strict=True)),
                "missing": dict(zip(answer.variants, leak.missing, strict=True)),
            }
            for leak in one.leaks
        ],
    }


def _metric(answer: Answer, metric: Metric) -> Document:
    spec = next(one for one in answer.question.metrics if one.name == metric.name)
    own = [one for one in answer.analysis.comparisons if one.metric.name == metric.name]
    cut = {name: answer.units.limits[name] for name in spec.columns if name in answer.units.limits}
    return {
        "metric": metric.name,
        "type": spec.kind.value,
        "columns": list(spec.columns),
        "role": metric.role.value,
        "desired": metric.wanted.value,
        "margin": metric.margin or None,
        "smallest_that_matters": metric.matters or None,
        "quantile": metric.level or None,
        "covariates": ["/".join(one) for one in spec.covariates] if metric.covariates else [],
        "winsorised": {name: {"low": low, "high": high} for name, (low, high) in cut.items()} or None,
        "missing": dict(answer.measurement.missing.get(metric.name, {})),
        "results": [_comparison(answer, one) for one in own],
        "between_variants": [
            _comparison(answer, one) for one in answer.analysis.between if one.metric.name == metric.name
        ],
        "by": _breakdown(answer, metric.name),
        "steps": _steps(answer, metric),
    }


def _comparison(answer: Answer, one: Comparison) -> Document:
    head: Document = {"variant": one.variant, "control": one.control}
    if one.pair is None or one.effect is None or one.fixed is None or one.sequential is None:
        return {**head, "refused": one.refused, "trusted": answer.analysis.is_trusted}
    control, treatment = one.pair.control, one.pair.treatment
    return {
        **head,
        "n_control": control.units,
        "n": treatment.units,
        "mean_control": control.value,
        "mean": treatment.value,
        "observed_mean_control": control.observed,
        "observed_mean": treatment.observed,
        "standard_error_control": control.error,
        "standard_error_variant": treatment.error,
        "successes_control": control.successes,
        "successes": treatment.successes,
        **effect_as_plain(one.effect),
        "p_value_adjusted": one.adjusted,
        "significant": one.effect.is_clear,
        "cuped": {
            "used": bool(one.metric.covariates),
            "variance_reduction": one.reduction if one.metric.covariates else None,
        },
        "post_stratified": {
            "by": one.strata or None,
            "used": bool(one.strata),
            "variance_reduction": one.reduction if one.strata else None,
        },
        "unadjusted": effect_as_plain(one.plain) if one.plain else None,
        "fixed_horizon": effect_as_plain(one.fixed),
        "always_valid": effect_as_plain(one.sequential),
        "bayesian": _posterior(one.posterior),
        "trusted": answer.analysis.is_trusted,
    }


def effect_as_plain(effect: Effect) -> Document:
    """Return an effect with its interval."""
    lift = effect.lift
    return {
        "plan": effect.plan.value,
        "method": effect.method.value,
        "difference": effect.difference,
        "standard_error": effect.error,
        "ci_low": effect.low,
        "ci_high": effect.high,
        "statistic": effect.statistic,
        "degrees_of_freedom": effect.freedom if math.isfinite(effect.freedom) else None,
        "p_value": effect.p_value,
        "relative_lift": lift.lift if lift else None,
        "relative_ci_low": lift.low if lift else None,
        "relative_ci_high": lift.high if lift and math.isfinite(lift.high) else None,
        "relative_standard_error": lift.error if lift and math.isfinite(lift.error) else None,
    }


def _posterior(belief: Posterior | None) -> Document | None:
    if belief is None:
        return None
    return {
        "of": "relative lift",
        "prior": None
        if belief.prior is None
        else {"mean": belief.prior.mean, "standard_deviation": belief.prior.deviation},
        "mean": belief.mean,
        "standard_deviation": belief.deviation,
        "ci_low": belief.low,
        "ci_high": belief.high,
        "chance_to_win": belief.chance_to_win,
        "expected_loss_if_shipped": belief.loss_if_shipped,
        "expected_loss_if_kept": belief.loss_if_kept,
    }


def _breakdown(answer: Answer, metric: str) -> Document:
    """Return the tables by dimension: one row a value and variant, and whether the effect differs."""
    found: Document = {}
    for one in answer.analysis.segments:
        if not one.comparisons or one.comparisons[0][1].metric.name != metric:
            continue
        table = found.setdefault(one.dimension, {"heterogeneity": [], "rows": []})
        table["heterogeneity"].append(_differs(one))
        table["rows"] += [{"value": value, **_comparison(answer, row)} for value, row in one.comparisons]
    return found


def _differs(one: Segments) -> Document:
    if one.heterogeneity is None:
        return {"variant": one.variant, "refused": "fewer than two values can be told"}
    return {
        "variant": one.variant,
        "statistic": one.heterogeneity.statistic,
        "degrees_of_freedom": one.heterogeneity.freedom,
        "p_value": one.heterogeneity.p_value,
        "i_squared": one.heterogeneity.inconsistency,
        "outlying": list(one.heterogeneity.outlying),
    }


def _steps(answer: Answer, metric: Metric) -> list[Document]:
    """Return a funnel's steps: the units that got so far, by variant."""
    spec = next(one for one in answer.question.metrics if one.name == metric.name)
    if spec.kind.value != "funnel" or answer.question.cluster:
        return []
    moments = answer.measurement.samples.get(metric.name, {})
    return [
        {
            "step": label,
            "units": {
                name: round(one.total(column)) for name, one in moments.items() if hasattr(one, "total")
            },
        }
        for label, column in zip(spec.columns, metric.columns, strict=True)
    ]
