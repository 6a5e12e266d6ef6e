"""What the API of the library of experiments takes and gives."""

from __future__ import annotations

from datetime import date

from ninja import Field, Schema

from roadbed.modules.experiments.models import Decided, Desired


class PastExperimentIn(Schema):
    """An experiment that ran elsewhere. Its interval or its standard error says how sure the lift is."""

    title: str = Field(min_length=1, max_length=300)
    metric: str = Field(min_length=1, max_length=200)
    desired: Desired = Desired.UP
    started_on: date | None = None
    ended_on: date
    lift: float | None = Field(None, ge=-1, le=10, description="As a share of control: 0.032 for 3.2%.")
    low: float | None = Field(None, ge=-10, le=10)
    high: float | None = Field(None, ge=-10, le=10)
    confidence: float = Field(0.95, ge=0.5, lt=1)
    error: float | None = Field(None, gt=0, le=10)
    decided: Decided = Decided.NOTHING
    variant: str = Field("", max_length=128)
    hypothesis: str = Field("", max_length=20_000)
    why: str = Field("", max_length=20_000)
    learned: str = Field("", max_length=20_000)


class MetricImpactOut(Schema):
    """What shipping added to a metric, as observed, without the luck of winners, and as a holdout measured it."""

    metric: str
    experiments: int
    shipped: int
    observed: float
    shrunk: float
    low: float
    high: float
    holdout: str | None
    holdout_experiment: str | None


class ExperimentLibraryOut(Schema):
    """What all experiments that are over taught together."""

    experiments: int
    imported: int
    wins: int
    win_rate: float | None
    decided: int
    shipped: int
    against_recommendation: int
    typical_lift: float | None = Field(description="The standard deviation of true lifts that they teach.")
    refused: str
    impacts: list[MetricImpactOut]
