"""The people and the place of every test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import setup_databases, teardown_databases

from roadbed.core.vectors import selectors as vectors
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.web import charts
from tests import databases, people


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, leave out what touches no database: the run on SQLite has just asked it the same."""
    if not config.getoption("--only-database"):
        return
    outside = [item for item in items if not touches_database(item)]
    config.hook.pytest_deselected(items=outside)
    items[:] = [item for item in items if touches_database(item)]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="only the tests that touch the database")


def touches_database(item: pytest.Item) -> bool:
    """Whether a test asks for the database, by a mark or by any fixture that it or its fixtures ask for."""
    asked = {"django_db_setup", "db", "transactional_db", "live_server"}
    is_marked = any(item.get_closest_marker(name) for name in ("django_db", "postgres"))
    return is_marked or bool(asked.intersection(getattr(item, "fixturenames", ())))


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end: the modules, and the tests themselves."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Make the test database, from a copy where there is one."""
    asked = {"verbosity": request.config.option.verbose, "interactive": False, "serialized_aliases": set()}
    copies = databases.copies(connection)
    with django_db_blocker.unblock(), databases.alone():
        is_copied = copies.fetch()
        made = setup_databases(keepdb=is_copied, **asked)
        if not is_copied:
            copies.keep()
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=request.config.option.verbose)
        copies.forget()


@pytest.fixture(autouse=True)
def _forget_vectors() -> None:
    """A test's rows are rolled back, and the next one's get the same ids."""
    vectors.forget()


@pytest.fixture(autouse=True)
def _charts_follow_their_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chart that a test draws is held against the schema of its grammar."""
    monkeypatch.setattr(charts, "VALIDATED", True)


@pytest.fixture
def now() -> datetime:
    return people.NOW


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database for fixtures that serve a whole module: rolled back after it.

    Each test that also asks for `db` has its own writes rolled back as ever, to what these fixtures made.
    """
    vectors.forget()
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return people.make_workspace()


@pytest.fixture
def product(workspace: Workspace) -> Product:
    return Product.objects.create(workspace=workspace, slug="dispatch", name="Dispatch")


@pytest.fixture
def ada(workspace: Workspace) -> people.Someone:
    return people.join(workspace, "Ada", Role.OWNER)


@pytest.fixture
def ben(workspace: Workspace) -> people.Someone:
    return people.join(workspace, "Ben", Role.MAKER)


@pytest.fixture
def cleo(workspace: Workspace) -> people.Someone:
    return people.join(workspace, "Cleo", Role.CONTRIBUTOR)


@pytest.fixture
def dan(workspace: Workspace) -> people.Someone:
    return people.join(workspace, "Dan", Role.VIEWER)


@pytest.fixture
def eve(db: None) -> people.Someone:
    return people.join(people.make_workspace("elsewhere", "Elsewhere"), "Eve", Role.OWNER)
