"""The demo's priorities: two lenses over the features, one over the needs, figures with their doubt, a portfolio."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.modules.priorities import services
from roadbed.modules.priorities.models import Lens, Subject
from roadbed.modules.priorities.selectors import definitions, items
from roadbed.modules.priorities.services import portfolios
from roadbed_engines.priority import ranges
from roadbed_engines.priority.ranges import Range

NOTES = (
    "Counted from the usage of the last quarter",
    "Three customers said so on the call",
    "As the last two of this kind",
    "A guess, until somebody measures",
    "",
)
COSTS = {"survey": (4.0, 1.0), "prototype": (3.0, 1.5), "experiment": (12.0, 4.0), "spike": (2.0, 0.4)}
"""What a study costs the fictional company, in points of RICE, and weeks."""


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Write lenses, figures and a portfolio, and compute them."""
    chance = random.Random(f"{seed}-priorities")  # noqa: S311 - the same story each time
    members = list(
        Member.objects.filter(workspace=workspace, role__in=["owner", "maker"]).select_related("user")
    )

    def actor() -> Actor:
        one = chance.choice(members)
        return Actor(user_id=one.user_id, name=one.user.display_name, via="demo")

    begun = at - timedelta(days=40)
    studies = [
        {**one, "cost": COSTS[one["kind"]][0], "weeks": COSTS[one["kind"]][1]}
        for one in definitions.initial_studies("rice")
    ]
    rice = services.create_lens(
        workspace=workspace,
        title="RICE, with its doubt",
        method="rice",
        actor=actor(),
        at=begun,
        about="What we plan by. Reach is people a quarter; where nobody has counted, those who were heard stand in.",
        studies=studies,
        cut=8,
    )
    delay = services.create_lens(
        workspace=workspace,
        title="Cost of delay",
        method="wsjf",
        actor=actor(),
        at=begun,
        cut=8,
        unit="k€ a week",
    )
    services.create_lens(
        workspace=workspace,
        title="Needs by opportunity",
        method="opportunity",
        actor=actor(),
        at=begun,
        subject=Subject.NEEDS,
        cut=5,
    )
    candidates = items.candidates_of(rice)
    records = Record.objects.in_bulk([one.record_id for one in candidates])
    for one in candidates:
        if chance.random() < 0.08:
            continue
        said = _figures(chance, records[one.record_id])
        when = begun + timedelta(days=chance.uniform(1, 38))
        services.say_figures(said=said, actor=actor(), at=when)
        if chance.random() < 0.2:
            services.set_pace(
                record=records[one.record_id],
                profile=chance.choice(["urgent", "intangible"]),
                actor=actor(),
                at=when,
            )
    for lens in (rice, delay):
        services.rank(lens=lens, at=at)
    _portfolio(workspace, rice, candidates, actor(), at)


def _figures(chance: random.Random, record: Record) -> list[services.Said]:
    effort = chance.lognormvariate(1.1, 0.6)
    reach = 20 * chance.lognormvariate(2.2, 0.9)
    wide = chance.choice([1.2, 1.6, 1.6, 2.4])

    def about(middle: float, spread: float, digits: int) -> Range:
        low, high = round(middle / spread, digits), round(middle * spread, digits)
        return Range(max(low, 10.0**-digits), max(high, 10.0**-digits))

    impact = chance.choice([0.5, 1, 1, 2, 3])
    values = {
        "reach": about(reach, wide, 0),
        "impact": about(impact, chance.choice([1.0, 1.3, 1.7]), 2),
        "confidence": ranges.exactly(1),
        "effort": about(effort, chance.choice([1.3, 1.8, 2.2]), 1),
        "duration": about(effort * 0.8, 1.5, 1),
        "cost_of_delay": about(reach * impact / 60, wide, 1),
    }
    return [services.Said(record, name, one, chance.choice(NOTES)) for name, one in values.items()]


def _portfolio(
    workspace: Workspace, lens: Lens, candidates: list[items.Candidate], actor: Actor, at: datetime
) -> None:
    teams = sorted({one.team or portfolios.NO_TEAM for one in candidates})
    made = portfolios.create_portfolio(
        workspace=workspace,
        title="The next two quarters",
        lens=lens,
        periods=["First quarter", "Second quarter"],
        capacity={team: [9.0, 9.0] for team in teams},
        actor=actor,
        at=at - timedelta(days=2),
    )
    portfolios.solve(portfolio=made, at=at - timedelta(days=2))
