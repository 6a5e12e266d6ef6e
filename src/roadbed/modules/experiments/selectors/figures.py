"""The document of a readout as figures and sentences that people read: pages, reports and evidence say the same."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadbed_engines.stats.bayes import Posterior, Prior, believe
from roadbed_engines.stats.effects import Direction, Standing, stand

SHARES = {"proportion", "retention", "funnel"}
TONES = {Standing.BETTER: "good", Standing.WORSE: "bad", Standing.NOT_WORSE: "good", Standing.UNCLEAR: ""}
SAYS = {
    Standing.BETTER: "better",
    Standing.WORSE: "worse",
    Standing.NOT_WORSE: "keeps its margin",
    Standing.UNCLEAR: "not clear yet",
}
PLANS = {"sequential": "always-valid", "fixed": "fixed-horizon", "bayesian": "Bayesian"}


def percent(value: float, *, digits: int = 1, sign: bool = True) -> str:
    """Return a share of control as people read it: +5.1%, −0.3%.

    >>> percent(-0.114), percent(0.0512), percent(0.0)
    ('−11.4%', '+5.1%', '0.0%')
    """
    shown = f"{abs(value) * 100:,.{digits}f}"
    is_nought = float(shown.replace(",", "")) == 0.0
    head = "" if is_nought else "−" if value < 0 else "+" if sign else ""
    return f"{head}{shown}%"


def amount(value: float, *, kind: str = "mean", sign: bool = False) -> str:
    """Return a value of a metric: a share in per cent, anything else with about four digits.

    >>> amount(0.2063, kind="proportion"), amount(1234567.8), amount(0.000123)
    ('20.63%', '1,234,568', '0.000123')
    """
    if kind in SHARES:
        shown = f"{abs(value) * 100:.2f}%"
    elif value == 0 or 1e-3 <= abs(value) < 1e9:
        whole = max(1, len(str(int(abs(value)))))
        shown = f"{abs(value):,.{max(0, 4 - whole)}f}"
    else:
        shown = f"{abs(value):.3g}"
    head = "−" if value < 0 else "+" if sign and value > 0 else ""
    return f"{head}{shown}"


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of one variant against control, as a line of the forest."""

    metric: str
    kind: str
    role: str
    wanted: str
    variant: str
    margin: float
    refused: str = ""
    control_value: float = 0.0
    value: float = 0.0
    units_control: int = 0
    units: int = 0
    is_lift: bool = False
    effect: float = 0.0
    low: float = 0.0
    high: float = 0.0
    error: float = 0.0
    p_value: float | None = None
    adjusted: float | None = None
    standing: Standing = Standing.UNCLEAR
    reduction: float | None = None
    narrowed: str = ""
    smallest: float | None = None
    reached: float | None = None
    days_left: int | None = None
    posterior: Posterior | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tone(self) -> str:
        """The colour of its meaning."""
        if self.role == "guardrail" and self.margin > 0 and self.standing is Standing.UNCLEAR:
            return "warn"
        return TONES[self.standing]

    @property
    def said(self) -> str:
        """What the interval says, in words."""
        return SAYS[self.standing]

    def _shown(self, value: float) -> str:
        return percent(value) if self.is_lift else amount(value, kind=self.kind, sign=True)

    @property
    def effect_text(self) -> str:
        """The effect."""
        return self._shown(self.effect)

    @property
    def interval_text(self) -> str:
        """Its interval: −18.0 to −4.1%."""
        low, high = self._shown(self.low), self._shown(self.high)
        return f"{low.removesuffix('%')} to {high}" if self.is_lift else f"{low} to {high}"

    @property
    def text(self) -> str:
        """Effect and interval in a line."""
        return f"{self.effect_text} ({self.interval_text})"

    @property
    def values_text(self) -> str:
        """Control's value and the variant's."""
        shown = [amount(one, kind=self.kind) for one in (self.control_value, self.value)]
        return f"{shown[0]} → {shown[1]}"

    @property
    def difference_text(self) -> str:
        """The difference in the metric's own unit."""
        return amount(self.raw.get("difference", 0.0), kind=self.kind, sign=True)

    @property
    def chance_text(self) -> str:
        """How likely it is to be better."""
        if self.posterior is None:
            return ""
        chance = self.posterior.chance_to_win
        return ">99.9%" if chance > 0.999 else "<0.1%" if chance < 0.001 else f"{chance * 100:.1f}%"


def lines_of(
    document: Mapping[str, Any], *, prior: Prior | None = None, is_belief: bool = False
) -> list[Line]:
    """Return every metric of every variant against control.

    Parameters
    ----------
    prior : Prior, optional
        The belief beforehand that the Bayesian column is worked out with; without it, the data speak alone.
    is_belief : bool
        Whether the interval that leads is the belief's.
    """
    alpha = float(document.get("alpha", 0.05))
    return [
        _line(metric, result, alpha=alpha, prior=prior, is_belief=is_belief)
        for metric in document.get("metrics", [])
        for result in metric.get("results", [])
    ]


def line_of(
    metric: Mapping[str, Any], result: Mapping[str, Any], *, alpha: float, prior: Prior | None = None
) -> Line:
    """Return one comparison as a line: of a segment, or of a stretch of time."""
    return _line(metric, result, alpha=alpha, prior=prior, is_belief=False)


def _line(
    metric: Mapping[str, Any],
    result: Mapping[str, Any],
    *,
    alpha: float,
    prior: Prior | None,
    is_belief: bool,
) -> Line:
    head: dict[str, Any] = {
        "metric": metric["metric"],
        "kind": metric["type"],
        "role": metric["role"],
        "wanted": metric["desired"],
        "margin": metric.get("margin") or 0.0,
        "variant": result["variant"],
        "raw": result,
    }
    if "refused" in result:
        return Line(**head, refused=result["refused"])
    wanted = Direction(metric["desired"])
    is_lift = result.get("relative_lift") is not None and result.get("relative_ci_high") is not None
    names = ("relative_lift", "relative_ci_low", "relative_ci_high") if is_lift else (
        "difference", "ci_low", "ci_high",
    )  # fmt: skip
    effect, low, high = (float(result[name]) for name in names)
    error = float((result.get("relative_standard_error") if is_lift else result["standard_error"]) or 0.0)
    posterior = None
    if error > 0 and math.isfinite(error) and (is_lift or prior is None):
        posterior = believe(effect=effect, error=error, prior=prior, alpha=alpha, wanted=wanted)
    if is_belief and posterior is not None:
        effect, low, high = posterior.mean, posterior.low, posterior.high
    margin = head["margin"] if is_lift else 0.0
    progress = result.get("progress") or {}
    taken = [result.get(name) or {} for name in ("cuped", "post_stratified")]
    return Line(
        **head,
        control_value=result["mean_control"],
        value=result["mean"],
        units_control=result["n_control"],
        units=result["n"],
        is_lift=is_lift,
        effect=effect,
        low=low,
        high=high,
        error=error,
        p_value=result.get("p_value"),
        adjusted=result.get("p_value_adjusted"),
        standing=stand(low=low, high=high, wanted=wanted, margin=margin),
        reduction=next((one["variance_reduction"] for one in taken if one.get("used")), None),
        narrowed=" and ".join(
            name for name, one in zip(("CUPED", "strata"), taken, strict=True) if one.get("used")
        ),
        smallest=progress.get("smallest"),
        reached=progress.get("reached"),
        days_left=progress.get("days_left"),
        posterior=posterior,
    )


def primary_lines(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of the primary metric."""
    return [one for one in lines if one.role == "primary"]


def reasons_of(document: Mapping[str, Any]) -> list[str]:
    """Return why something is recommended, with minus signs as people write them.

    >>> reasons_of({"recommendation": {"reasons": ["new: Orders is better: -2.0% to -1.0%."]}})
    ['new: Orders is better: −2.0% to −1.0%.']
    """
    said = document.get("recommendation") or {}
    return [re.sub(r"(?<!\S)-(?=\d)", "−", one) for one in said.get("reasons", [])]


def headline(document: Mapping[str, Any], *, variant: str = "", plan: str = "") -> str:
    """Return the primary result in a line: Missed drops −11.4% (−18.0 to −4.1%), always-valid 95%."""
    own = [one for one in primary_lines(lines_of(document)) if not variant or one.variant == variant]
    if not own:
        return "No primary result"
    one = own[0]
    if one.refused:
        return f"{one.metric}: cannot be told, {one.refused}"
    name = PLANS.get(plan or str(document.get("plan", "")), "")
    confidence = f"{100 * float(document.get('confidence', 0.95)):g}%"
    return f"{one.metric} {one.effect_text} ({one.interval_text}), {name} {confidence}"
