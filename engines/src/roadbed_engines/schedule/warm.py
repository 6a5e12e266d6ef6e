"""Compile everything once, so that nobody waits for it later: `python -m roadbed_engines.schedule.warm`."""

from __future__ import annotations

from roadbed_engines.schedule import compiling, futures, genetic, sequencing, solving
from roadbed_engines.schedule.plan import Activity, Dependency, Mode, Plan, Pool
from roadbed_engines.schedule.uncertainty import Estimate, Risk, Sickness, Uncertainty


def example() -> Plan:
    """Return a plan in which each kind of thing occurs."""
    keys = ("A", "B", "C", "D")
    return Plan(
        activities=tuple(
            Activity(key=key, modes=(Mode(duration=2, needs={"team": 1}),), value=1.0) for key in keys
        ),
        pools=(Pool(key="team", capacity=2),),
        dependencies=(Dependency(before="A", after="B"),),
    )


def warm() -> None:
    """Run every inner loop once, which compiles it or fetches what was compiled."""
    plan = example()
    problem, _ = solving.decode(plan)
    sequencing.Sequencing(problem).go_on(moves=3)
    unsure = Uncertainty(
        estimates={"A": Estimate(median=2, sigma=0.3)},
        risks=(Risk(key="R", probability=0.5, low=1, likely=2, high=3, activities=("B",)),),
        sickness={"team": Sickness(spells_a_year=2)},
    )
    futures.simulate(plan, uncertainty=unsure, runs=4)
    genetic.Search(problem).go_on(children=3)


if __name__ == "__main__":
    warm()
    compiling.forget_old()
