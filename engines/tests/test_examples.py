"""The examples in the engines' documentation are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import roadbed_engines

MODULES = sorted(found.name for found in pkgutil.walk_packages(roadbed_engines.__path__, "roadbed_engines."))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
