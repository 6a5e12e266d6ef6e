"""The charts of the module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roadbed.modules.priorities.models import Lens, Place
from roadbed.modules.priorities.selectors.reading import Worked
from roadbed.web import charts


def histogram(worked: Worked, lens: Lens) -> charts.Chart | None:
    """Draw how the score falls in the draws."""
    if not worked.draws:
        return None
    import altair as alt  # half a second to import: only where a chart is drawn

    rows = [
        {"from": round(low, 4), "until": round(high, 4), "draws": count} for low, high, count in worked.draws
    ]
    data = alt.NamedData(name="rows")
    bars = (
        alt.Chart(data)
        .mark_rect(opacity=0.8)
        .encode(
            x=alt.X(field="from", type="quantitative", title="Score", scale=alt.Scale(zero=False)),
            x2=alt.X2(field="until"),
            y=alt.Y(field="draws", type="quantitative", title="Draws"),
            y2=alt.Y2Datum(0),
            tooltip=[alt.Tooltip(field=name) for name in ("from", "until", "draws")],
        )
    )
    middle = alt.Chart(alt.NamedData(name="middle")).mark_rule(strokeDash=[4, 3])
    return charts.Chart(
        id="draws",
        title="How the score falls in 10,000 draws",
        summary=f"Half lie above {worked.middle:.3g}, eight in ten from {worked.low:.3g} to {worked.high:.3g}.",
        spec=charts.finish(
            alt.layer(bars, middle.encode(x=alt.X(field="at", type="quantitative"))),
            data={"rows": rows, "middle": [{"at": worked.middle}]},
            height=150,
        ),
        rows=rows,
        note=lens.definition["formula"],
    )


def two_by_two(places: Sequence[Place], lens: Lens, *, price: float) -> charts.Chart | None:
    """Draw benefit against cost, each with its range, and the line that the cut draws between them."""
    rows: list[dict[str, Any]] = [
        {
            "key": place.record.key,
            "title": place.record.title,
            "cost": place.cost,
            "cost_low": place.cost_low,
            "cost_high": place.cost_high,
            "benefit": place.worth,
            "benefit_low": place.worth_low,
            "benefit_high": place.worth_high,
            "tone": "warn" if place.is_coin_flip else "good" if place.top >= 0.5 else "",
        }
        for place in places
        if place.worth is not None and place.cost is not None
    ]
    if not rows:
        return None
    import altair as alt  # as above

    ink = charts.INK
    data = alt.NamedData(name="rows")
    colour = alt.Color(field="tone", type="nominal", legend=None).scale(
        domain=["good", "warn", ""], range=[ink["good"], ink["warn"], ink["ink-2"]]
    )
    log = all(row[name] > 0 for row in rows for name in ("cost_low", "benefit_low"))
    scale = alt.Scale(type="log" if log else "linear", zero=not log, nice=True)
    x = alt.X(field="cost", type="quantitative", title=_axis("Cost", lens, "cost"), scale=scale)
    y = alt.Y(field="benefit", type="quantitative", title=f"Benefit, {lens.unit or 'points'}", scale=scale)
    hint = [alt.Tooltip(field=name) for name in ("key", "title", "cost", "benefit")]
    base = alt.Chart(data)
    layers = [
        base.mark_rule(opacity=0.35).encode(
            x=alt.X(field="cost_low", type="quantitative", scale=scale),
            x2=alt.X2(field="cost_high"),
            y=y,
            color=colour,
        ),
        base.mark_rule(opacity=0.35).encode(
            y=alt.Y(field="benefit_low", type="quantitative", scale=scale),
            y2=alt.Y2(field="benefit_high"),
            x=x,
            color=colour,
        ),
        base.mark_point(size=60, opacity=1).encode(x=x, y=y, color=colour, tooltip=hint),
        base.mark_text(align="left", dx=7, dy=-7, fontSize=10).encode(x=x, y=y, text=alt.Text(field="key")),
    ]
    line: list[dict[str, Any]] = []
    if price > 0:
        ends = (min(row["cost"] for row in rows), max(row["cost"] for row in rows))
        line = [{"cost": end, "benefit": end * price} for end in ends if end > 0]
        layers.insert(
            0,
            alt.Chart(alt.NamedData(name="line")).mark_line(strokeDash=[4, 3], opacity=0.6).encode(x=x, y=y),
        )
    inside = sum(row["tone"] == "good" for row in rows)
    return charts.Chart(
        id="plot",
        title="Benefit and cost, each with its range",
        summary=f"{inside} of {len(rows)} items lie above the line of the cut more often than not.",
        spec=charts.finish(alt.layer(*layers), data={"rows": rows, "line": line}, height=420),
        rows=[{name: row[name] for name in row if name != "tone"} for row in rows],
        note="Green: has a place more often than not. Amber: a coin flip. Broken line: the price of the last place.",
    )


def _axis(word: str, lens: Lens, name: str) -> str:
    cost = lens.definition[name]
    for one in lens.definition["inputs"]:
        if one["name"] == cost:
            return f"{one['label']}, {one['unit']}" if one["unit"] else one["label"]
    return word
