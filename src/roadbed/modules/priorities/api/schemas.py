"""What the operations take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Schema

from roadbed.core.api import problems
from roadbed.modules.priorities.models import Figure, Lens, Place, Portfolio, Question

READ_PROBLEMS = problems.READ
WRITE_PROBLEMS = problems.WRITE
CHANGE_PROBLEMS = problems.CHANGE
KEY = r"^[A-Za-z]{1,6}-[0-9]{1,9}$"
MethodName = Literal[
    "rice", "ice", "wsjf", "safe-wsjf", "value-effort", "opportunity", "kano", "moscow", "drivers"
]
SubjectName = Literal["feature", "area", "story", "need"]


class LensOut(Schema):
    """One way to score, and how its last ranking came out."""

    key: str
    title: str
    version: int
    method: str
    subject: str
    about: str
    cut: int
    unit: str
    wait: float
    definition: dict[str, Any]
    studies: list[dict[str, Any]]
    ranked_at: datetime | None
    scored: int
    left_out: int
    draws: int
    stability: float | None
    refusal: str

    @staticmethod
    def resolve_ranked_at(lens: Lens) -> datetime | None:
        """When it last ranked."""
        ranking = getattr(lens, "ranking", None)
        return ranking.computed_at if ranking else None

    @staticmethod
    def resolve_scored(lens: Lens) -> int:
        """How many it ranked."""
        return getattr(getattr(lens, "ranking", None), "scored", 0)

    @staticmethod
    def resolve_left_out(lens: Lens) -> int:
        """How many lack an input."""
        return getattr(getattr(lens, "ranking", None), "left_out", 0)

    @staticmethod
    def resolve_draws(lens: Lens) -> int:
        """In how many draws."""
        return getattr(getattr(lens, "ranking", None), "runs", 0)

    @staticmethod
    def resolve_stability(lens: Lens) -> float | None:
        """The share of the first places that the same items hold."""
        ranking = getattr(lens, "ranking", None)
        return ranking.stability if ranking and ranking.scored else None

    @staticmethod
    def resolve_refusal(lens: Lens) -> str:
        """Why there is no ranking."""
        return getattr(getattr(lens, "ranking", None), "refusal", "")


class LensIn(Schema):
    """A lens to be made. Without a definition it begins with its method's own."""

    title: str = Field(max_length=120)
    method: MethodName
    subject: SubjectName = "feature"
    cut: int = Field(10, ge=1, le=500)
    about: str = Field("", max_length=2_000)
    unit: str = Field("points", max_length=20)
    wait: float = Field(4.0, gt=0, le=520)
    definition: dict[str, Any] | None = None


class LensFields(Schema):
    """What may be changed; what is left out stays."""

    title: str | None = Field(None, max_length=120)
    about: str | None = Field(None, max_length=2_000)
    subject: SubjectName | None = None
    cut: int | None = Field(None, ge=1, le=500)
    unit: str | None = Field(None, max_length=20)
    wait: float | None = Field(None, gt=0, le=520)
    definition: dict[str, Any] | None = None
    studies: list[dict[str, Any]] | None = Field(None, max_length=20)


class SpanOut(Schema):
    """A median, and what holds eight draws in ten."""

    p10: float
    p50: float
    p90: float


def _span(low: float | None, middle: float | None, high: float | None) -> dict[str, float] | None:
    return None if low is None or middle is None or high is None else {"p10": low, "p50": middle, "p90": high}


class RankOut(Schema):
    """Where an item stands: the ranks that hold nine draws in ten, or why it has none."""

    id: int
    key: str
    title: str
    position: int
    position_before: int | None
    rank_low: int | None
    rank_middle: int | None
    rank_high: int | None
    first: float
    top: float
    top_any_weights: float | None
    is_coin_flip: bool
    score: SpanOut | None
    worth: SpanOut | None
    cost: SpanOut | None
    doubt: dict[str, float]
    left_out: str

    @staticmethod
    def resolve_key(place: Place) -> str:
        """The record's key."""
        return place.record.key

    @staticmethod
    def resolve_title(place: Place) -> str:
        """The record's title."""
        return str(place.record.title)

    @staticmethod
    def resolve_position_before(place: Place) -> int | None:
        """Its position in the ranking before."""
        return place.before

    @staticmethod
    def resolve_score(place: Place) -> dict[str, float] | None:
        """The score."""
        return _span(place.score_low, place.score, place.score_high)

    @staticmethod
    def resolve_worth(place: Place) -> dict[str, float] | None:
        """The benefit."""
        return _span(place.worth_low, place.worth, place.worth_high)

    @staticmethod
    def resolve_cost(place: Place) -> dict[str, float] | None:
        """The cost."""
        return _span(place.cost_low, place.cost, place.cost_high)


class WorthLearningOut(Schema):
    """One input of one item whose truth is worth knowing, and what studies of it gain."""

    key: str
    title: str
    input: str
    worth: float
    error: float
    chance: float
    offers: list[dict[str, Any]]

    @staticmethod
    def resolve_key(question: Question) -> str:
        """The record's key."""
        return question.record.key

    @staticmethod
    def resolve_title(question: Question) -> str:
        """The record's title."""
        return str(question.record.title)

    @staticmethod
    def resolve_input(question: Question) -> str:
        """The input's name."""
        return question.name


class FigureIn(Schema):
    """A figure to be said: without `high` it is one without doubt."""

    key: str = Field(pattern=KEY, description="A feature's or a need's key.")
    name: str = Field(max_length=40, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    low: float
    high: float | None = None
    likely: float | None = None
    confidence: float = Field(0.8, gt=0, lt=1)
    note: str = Field("", max_length=300)


class FiguresIn(Schema):
    """Several figures at once; all are kept, or none."""

    figures: list[FigureIn] = Field(min_length=1, max_length=1_000)


class FiguresOut(Schema):
    """How many were new."""

    changed: int


class FigureOut(Schema):
    """What was said of a record, when and by whom; the newest of a name is current unless it was taken back."""

    name: str
    low: float
    likely: float | None
    high: float
    confidence: float
    source: str
    note: str
    given_at: datetime
    by: str
    is_current: bool

    @staticmethod
    def resolve_by(figure: Figure) -> str:
        """Who said it."""
        return figure.given_by.display_name if figure.given_by else ""


class PaceIn(Schema):
    """How waiting costs over time."""

    profile: Literal["standard", "urgent", "fixed date", "intangible"]
    due_date: date | None = None


class TargetIn(Schema):
    """Which share of the whole room an objective is to get."""

    objective: str = Field(max_length=300)
    least: float | None = Field(None, ge=0, le=1)
    most: float | None = Field(None, ge=0, le=1)


class PortfolioIn(Schema):
    """A portfolio to be chosen."""

    title: str = Field(max_length=120)
    lens: str = Field(pattern=KEY)
    periods: list[str] = Field(min_length=1, max_length=12)
    capacity: dict[str, list[float]]
    targets: list[TargetIn] = []


class PortfolioFields(Schema):
    """What may be changed; what is left out stays."""

    title: str | None = Field(None, max_length=120)
    lens: str | None = Field(None, pattern=KEY)
    periods: list[str] | None = Field(None, min_length=1, max_length=12)
    capacity: dict[str, list[float]] | None = None
    targets: list[TargetIn] | None = None


class PortfolioOut(Schema):
    """A portfolio, and how it was last chosen."""

    key: str
    title: str
    version: int
    lens: str
    periods: list[str]
    capacity: dict[str, list[float]]
    targets: list[dict[str, Any]]
    status: str
    value: float
    bound: float
    problem: str
    shares: list[dict[str, Any]]
    solved_at: datetime | None

    @staticmethod
    def resolve_lens(portfolio: Portfolio) -> str:
        """The lens's key."""
        return portfolio.lens.key


class ChoiceOut(Schema):
    """What was chosen of one candidate: its period from 0 (none: it is out), and why."""

    id: int
    key: str
    title: str
    period: int | None
    worth: float
    effort: float
    team: str
    objective: str
    reason: str

    @staticmethod
    def resolve_key(choice: Any) -> str:
        """The record's key."""
        return str(choice.record.key)

    @staticmethod
    def resolve_title(choice: Any) -> str:
        """The record's title."""
        return str(choice.record.title)


class PortfolioPinIn(Schema):
    """A person's word on a feature; an empty one leaves it to the sums."""

    word: Literal["must", "never", ""]


class AcceptIn(Schema):
    """Which features are to move on the roadmap as proposed; all of them where nothing is said."""

    keys: list[str] | None = Field(None, max_length=2_000)


class MovedOut(Schema):
    """How many features moved on the roadmap."""

    moved: int
