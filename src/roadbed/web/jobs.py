"""A long job as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass

FINISHED = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class JobProgress:
    """What ``components/job.html`` needs. `url` answers with the same component and is asked while the job runs."""

    id: str
    title: str
    state: str
    url: str
    done: int = 0
    total: int | None = None
    note: str = ""
    cancel_url: str = ""
    retry_url: str = ""
    result_url: str = ""
    result_label: str = "Open the result"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in FINISHED

    @property
    def tone(self) -> str:
        """The chip's tone."""
        return {"done": "good", "failed": "bad", "cancelled": "warn", "running": "accent"}.get(self.state, "")
