"""What tables can be written from: who was told what."""

from roadbed.modules.portal.imports.tellings import TOLD

SOURCES = (TOLD,)

__all__ = ["SOURCES", "TOLD"]
