"""The `roadbed` command as somebody at a terminal has it: a process of its own, with a data folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Terminal:
    """A terminal on one data folder."""

    data: Path

    @property
    def environ(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ROADBED_", "DJANGO_"))
        }
        kept.pop("DATABASE_URL", None)
        return {**kept, "ROADBED_DATA": str(self.data), "COLUMNS": "200", "NO_COLOR": "1"}

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "roadbed", *words],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """Start a command that goes on."""
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "roadbed", *words],
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
