"""Small files, and the way from a file to its records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roadbed.core.tables import services
from roadbed.core.tables.models import Import
from tests.people import NOW, Someone

REAL = Path(__file__).parents[4] / "shared" / "data" / "feedback"


@pytest.fixture
def real_file() -> Callable[[str], Path]:
    """A file of real feedback, which lies beside the repository."""

    def find(name: str) -> Path:
        path = REAL / name
        if not path.is_file():
            pytest.skip(f"the real feedback is not here: {path}")
        return path

    return find


@pytest.fixture
def bring_in(ben: Someone) -> Callable[..., Import]:
    """Ben imports a file."""

    def run(content: bytes | str, name: str = "file.csv", target: str = "feedback", **options: Any) -> Import:
        data = content.encode() if isinstance(content, str) else content
        made = services.create_import(
            workspace=ben.member.workspace,
            target=target,
            name=name,
            chunks=[data],
            actor=ben.actor,
            at=NOW,
            **options,
        )
        started = services.start_import(run=made, actor=ben.actor, at=NOW, is_inline=True)
        return services.run_import(run=started, actor=ben.actor, now=lambda: NOW)

    return run
