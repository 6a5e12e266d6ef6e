"""The people and the place of every test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import setup_databases, teardown_databases

from roadbed.core.vectors import selectors as vectors
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.core.workspaces.roles import Role
from tests import databases, people


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


@pytest.fixture
def now() -> datetime:
    return people.NOW


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database for fixtures that serve a whole module: rolled back after it.

    Each test that also asks for `db` has its own writes rolled back as ever, to what these fixtures made.
    """
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
