"""A small plan to test with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import Feature


@pytest.fixture
def make_feature(workspace, product, ben, now) -> Callable[..., Feature]:
    def make(title: str = "Reroute during a run", **fields: Any) -> Feature:
        draft = services.Draft(title=title, **{"product": product, **fields})
        return services.create_feature(workspace=workspace, draft=draft, actor=ben.actor, at=now)[0]

    return make


@pytest.fixture
def feature(make_feature) -> Feature:
    return make_feature()
