"""What drives an item's place, what would change it, and which question is worth answering next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import learning, methods
from roadbed_engines.priority.learning import Worth
from roadbed_engines.priority.methods import Evaluation

Draws = NDArray[np.float64]
MOST_ITEMS = 60
GRID = np.geomspace(1 / 50, 50, 401)


def price_of_a_place(evaluation: Evaluation, *, cut: int) -> float:
    """Return what the first item that misses the cut would bring per unit of cost: the bar an item must pass."""
    means = np.sort(_mean_scores(evaluation))[::-1]
    if len(means) <= cut:
        return 0.0
    return float((means[cut - 1] + means[cut]) / 2)


def _mean_scores(evaluation: Evaluation) -> Draws:
    return np.asarray(evaluation.worth.mean(axis=0) / np.maximum(evaluation.cost.mean(axis=0), 1e-12))


def shares_of_doubt(evaluation: Evaluation) -> dict[str, Draws]:
    """Return, by input, the share of the doubt about each item's score that it accounts for, shape (items,).

    Squared correlations of the ranks of the draws, brought to a sum of 1; 0 where nothing is in doubt.
    """
    found = {name: _squared(drawn, evaluation.scores) for name, drawn in evaluation.inputs.items()}
    total = np.sum(list(found.values()), axis=0)
    return {
        name: np.divide(one, total, out=np.zeros_like(one), where=total > 0) for name, one in found.items()
    }


def _squared(drawn: Draws, scores: Draws) -> Draws:
    left = drawn - drawn.mean(axis=0)
    right = scores - scores.mean(axis=0)
    over = (left * right).sum(axis=0) ** 2
    under = (left**2).sum(axis=0) * (right**2).sum(axis=0)
    return np.asarray(np.divide(over, under, out=np.zeros_like(over), where=under > 1e-300))


@dataclass(frozen=True, slots=True)
class Tipping:
    """The value of one input at which an item would cross the cut, the others staying at their middle."""

    name: str
    now: float
    needed: float | None
    share: float
    """How much of what is believed of the input lies beyond that value."""


def what_would_change(evaluation: Evaluation, *, item: int, cut: int) -> list[Tipping]:
    """Return, for each input of one item, the value at which it would enter or leave the first `cut`.

    Parameters
    ----------
    item : int
        Its place among the scored ones.
    """
    middles = np.median(evaluation.scores, axis=0)
    others = np.sort(np.delete(middles, item))[::-1]
    if len(others) < cut:
        return []
    drawn = {name: one[:, item] for name, one in evaluation.inputs.items()}
    return tipping(evaluation.method, drawn, middle=float(middles[item]), bar=float(others[cut - 1]))


def tipping(
    method: methods.Method, drawn: Mapping[str, Draws], *, middle: float, bar: float
) -> list[Tipping]:
    """Return, for each input of an item whose score is about `middle`, the value at which it would cross `bar`.

    `drawn` holds the draws of its inputs, shape (runs,) each. What it inherits from others goes into `middle`.
    """
    known = {name: float(np.median(one)) for name, one in drawn.items()}
    inside = middle >= bar
    own = _score(method, known)
    scale = middle / own if own else 1.0
    found = []
    for one in method.inputs:
        draws, now = drawn[one.name], known[one.name]
        if one.worst is not None and one.best is not None:
            grid = np.linspace(min(one.worst, one.best), max(one.worst, one.best), 401)
        else:
            grid = now * GRID if now else np.linspace(draws.min(), draws.max() + 1e-9, 401)
        tried = scale * _scores_along(method, known, one.name, grid)
        crossed = grid[(tried < bar) if inside else (tried > bar)]
        if not len(crossed):
            found.append(Tipping(one.name, now, None, 0.0))
            continue
        needed = float(crossed[np.abs(crossed - now).argmin()])
        beyond = draws >= needed if needed > now else draws <= needed
        found.append(Tipping(one.name, now, needed, float(beyond.mean())))
    return found


def _scores_along(method: methods.Method, known: dict[str, float], name: str, grid: Draws) -> Draws:
    """Return the scores as one input walks along a grid, all others staying; not a number where there is none."""
    values = {each: np.full(len(grid), value) for each, value in known.items()}
    try:
        found, _, _ = methods.compute(method, values | {name: grid})
    except ValueError:  # somewhere on the grid: it is walked step by step
        return np.array([_score(method, known | {name: float(value)}) for value in grid])
    return np.asarray(found, dtype=float)


def _score(method: methods.Method, values: dict[str, float]) -> float:
    try:
        found, _, _ = methods.compute(method, {name: np.asarray(value) for name, value in values.items()})
    except ValueError:
        return float("nan")
    return float(found)


@dataclass(frozen=True, slots=True)
class Study:
    """A way to learn: which inputs it answers, what it leaves of their range, what it costs and how long it takes.

    `cost` is in the unit of the benefit; `kind` says what it is, such as survey, prototype, experiment or spike.
    """

    name: str
    kind: str
    answers: tuple[str, ...]
    narrows_to: float
    cost: float = 0.0
    weeks: float = 0.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A study of one question, and what it is worth: before and after its costs."""

    study: Study
    worth: Worth
    net: float


@dataclass(frozen=True, slots=True)
class Question:
    """One input of one item: what knowing it is worth, how open the decision is, and what would answer it."""

    item: int
    name: str
    worth: Worth
    chance: float
    """How often the item is worth its place, as things stand."""
    offers: tuple[Offer, ...]

    @property
    def best(self) -> Offer | None:
        """The study that gains most after its costs, if one gains anything."""
        gaining = [offer for offer in self.offers if offer.net > 0 and offer.worth.stands_out]
        return max(gaining, key=lambda offer: offer.net, default=None)


@dataclass(frozen=True, slots=True)
class Questions:
    """What is worth learning next, the dearest first; `everything` is what no learning at all can pass."""

    found: tuple[Question, ...]
    everything: float
    price: float
    looked_at: int
    not_told_apart: int
    """Inputs whose worth does not stand out from noise."""


def worth_learning(
    evaluation: Evaluation,
    *,
    cut: int,
    studies: Sequence[Study],
    seed: int,
    uses: float = 1.0,
    delay_a_week: float = 0.0,
    items: int = MOST_ITEMS,
) -> Questions:
    """Return which input of which item is worth knowing before the items are chosen.

    Each item is a decision of its own: to do it gains its benefit less its cost at the price that the last place has
    (`price_of_a_place`), to leave it gains nothing. What is worth knowing may turn that decision. One item is taken to
    be too small to move the price.

    Raises
    ------
    NotEnoughDataError
        If every item has a place anyhow, so that there is nothing to decide.
    """
    if evaluation.scores.shape[1] <= cut:
        raise NotEnoughDataError(
            f"all {evaluation.scores.shape[1]} items are among the first {cut}: nothing is open"
        )
    price = price_of_a_place(evaluation, cut=cut)
    net = evaluation.worth - price * evaluation.cost
    gains = np.maximum(net, 0.0).mean(axis=0) - np.maximum(net.mean(axis=0), 0.0)
    chance = np.random.default_rng(seed)
    order = np.argsort(-gains, kind="stable")[:items]
    found, silent = [], 0
    for item in order[gains[order] > 0]:
        benefit = np.column_stack([np.zeros(evaluation.runs), net[:, item]])
        share = float((net[:, item] > 0).mean())
        for name, drawn in evaluation.inputs.items():
            unknown = drawn[:, item]
            if unknown.std() == 0:
                continue
            worth = learning.partial(benefit=benefit, unknown=unknown)
            if not worth.stands_out:
                silent += 1
                continue
            offers = tuple(
                _offer(one, benefit, unknown, chance, uses=uses, delay_a_week=delay_a_week)
                for one in studies
                if name in one.answers
            )
            found.append(Question(int(item), name, worth, share, offers))
    return Questions(
        found=tuple(sorted(found, key=_dearest)),
        everything=float(gains.sum()),
        price=price,
        looked_at=len(order),
        not_told_apart=silent,
    )


def _offer(
    study: Study,
    benefit: Draws,
    unknown: Draws,
    chance: np.random.Generator,
    *,
    uses: float,
    delay_a_week: float,
) -> Offer:
    summary = learning.simulate_study(unknown=unknown, narrows_to=study.narrows_to, chance=chance)
    worth = learning.sample(benefit=benefit, summary=summary)
    net = learning.net_of_cost(
        worth=worth.value, uses=uses, cost=study.cost, delay=study.weeks * delay_a_week
    )
    return Offer(study=study, worth=worth, net=net)


def _dearest(question: Question) -> tuple[float, float, int, str]:
    best = question.best
    return (-(best.net if best else -np.inf), -question.worth.value, question.item, question.name)
