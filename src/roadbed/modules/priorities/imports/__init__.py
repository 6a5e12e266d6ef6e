"""What the module reads from and writes to tables."""

from roadbed.modules.priorities.imports.figures import FIGURES, RANKING_FIGURES

TARGETS = (FIGURES,)
SOURCES = (RANKING_FIGURES,)

__all__ = ["RANKING_FIGURES", "SOURCES", "TARGETS"]
