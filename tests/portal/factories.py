"""Boards, listings and visitors for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core import signing
from django.test import Client

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.portal.models import Board, Listing, Visitor
from roadbed.modules.portal.services import boards, listings, news, remarks, visitors
from roadbed.modules.portal.views.doors import VISITOR_SALT
from tests.people import NOW

MAKER = Actor(user_id=None, name="Ben", via="page")


def open_board(workspace: Workspace, *, title: str = "Ideas", **values: Any) -> Board:
    """A public board where nothing waits, unless it is said otherwise."""
    values.setdefault("is_moderated", False)
    return boards.create_board(workspace=workspace, title=title, actor=MAKER, at=NOW, **values)


def submit(
    board: Board, title: str, text: str = "", *, visitor: Visitor | None = None, **more: Any
) -> Listing:
    """What a visitor submitted."""
    at: datetime = more.pop("at", NOW)
    return listings.submit(board=board, title=title, text=text, visitor=visitor, at=at, **more)


def visitor_of(workspace: Workspace, email: str = "mira@halden.example", name: str = "Mira") -> Visitor:
    """Somebody whose address is confirmed."""
    return visitors.register(workspace=workspace, email=email, name=name, at=NOW)


def browser_of(visitor: Visitor | None = None) -> Client:
    """A visitor's browser."""
    browser = Client()
    if visitor is not None:
        value = signing.dumps([visitor.pk, visitor.generation], salt=VISITOR_SALT)
        browser.cookies["portal_visitor"] = value
    return browser


def base(board: Board) -> str:
    """Where the board is."""
    return f"/p/{board.workspace.slug}/{board.slug}/"


def furnish(scene: Any) -> None:
    """One of everything, for the permission matrix."""
    board = open_board(scene.workspace, title="Ideas", is_moderated=True)
    visitor = visitor_of(scene.workspace, email="vera@halden.example", name="Vera")
    listing = listings.put_on_board(
        board=board, record=scene.made["feature"], title="Reroute", text="", actor=scene.cleo.actor, at=NOW
    )
    scene.made |= {
        "board": board,
        "listing": listing,
        "remark": remarks.say(listing=listing, body="Yes, please.", visitor=visitor, at=NOW),
        "news": news.write(board=board, title="Out", text="It is out.", actor=scene.cleo.actor, at=NOW),
        "visitor": visitor,
    }
