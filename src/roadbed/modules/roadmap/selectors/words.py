"""What search finds a record by, and how other pages describe it."""

from __future__ import annotations

from collections.abc import Mapping

from roadbed.modules.roadmap.models import Branch, External, Feature, Objective, Release, Risk, Status


def feature_body(feature: Feature) -> str:
    """The words of a feature behind its title."""
    return feature.description


def describe_feature(feature: Feature) -> Mapping[str, str]:
    """A feature's state in a word."""
    return {"status": Status(feature.status).label}


def release_body(release: Release) -> str:
    """The words of a release behind its name."""
    return release.notes


def describe_release(release: Release) -> Mapping[str, str]:
    """A release's state in a word."""
    return {"state": Release.State(release.state).label}


def external_body(external: External) -> str:
    """The words of something external behind its name."""
    return f"{external.promised_by}\n{external.description}"


def describe_external(external: External) -> Mapping[str, str]:
    """Its state in a word."""
    return {"state": External.State(external.state).label}


def objective_body(objective: Objective) -> str:
    """The words of an objective behind its title."""
    return objective.description


def describe_objective(objective: Objective) -> Mapping[str, str]:
    """Its state in a word."""
    return {"state": Objective.State(objective.state).label}


def risk_body(risk: Risk) -> str:
    """The words of a risk behind its title."""
    return f"{risk.answer}\n{risk.description}"


def describe_risk(risk: Risk) -> Mapping[str, str]:
    """Its state in a word."""
    return {"state": Risk.State(risk.state).label}


def branch_body(branch: Branch) -> str:
    """The words of a branch behind its title."""
    return branch.description


def describe_branch(branch: Branch) -> Mapping[str, str]:
    """Its state in a word."""
    return {"state": Branch.State(branch.state).label}
