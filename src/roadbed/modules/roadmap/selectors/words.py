"""What search finds a record by, and how other pages describe it."""

from __future__ import annotations

from collections.abc import Mapping

from roadbed.modules.roadmap.models import Feature, Release, Status


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
