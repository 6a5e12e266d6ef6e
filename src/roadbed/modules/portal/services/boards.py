"""Make and change boards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.text import slugify

from roadbed.core.accounts.actors import Actor
from roadbed.core.files import services as files
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.portal.models import Audience, Board, Listing

LOGO_LARGEST = 512 * 1024
PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
FIELDS = frozenset(
    {
        "title",
        "slug",
        "intro",
        "audience",
        "circle",
        "guests",
        "takes_posts",
        "submit_only",
        "allows_anonymous",
        "is_moderated",
        "shows_roadmap",
        "shows_changelog",
        "accent",
        "domain",
        "product",
    }
)


def free_address(*, workspace: Workspace, title: str) -> str:
    """Return an address made of a title that no board of the workspace has."""
    wanted = slugify(title)[:34] or "board"
    taken = set(Board.objects.filter(home=workspace, slug__startswith=wanted).values_list("slug", flat=True))
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    return found


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(values) - FIELDS
    if unknown:
        raise ValidationError(f"A board has no {sorted(unknown)[0]}.")
    found = dict(values)
    for name in ("slug", "domain", "accent"):
        if name in found:
            found[name] = str(found[name]).strip().lower()
    if "title" in found:
        found["title"] = " ".join(str(found["title"]).split())
    return found


@transaction.atomic
def create_board(*, workspace: Workspace, title: str, actor: Actor, at: datetime, **values: Any) -> Board:
    """Open a board.

    Raises
    ------
    ValidationError
        If its address is taken, a private board has no circle, or a field refuses.
    """
    fields = _checked({**values, "title": title})
    fields["slug"] = fields.get("slug") or free_address(workspace=workspace, title=fields["title"])
    circle = fields.get("circle")
    if circle is not None and circle.workspace_id != workspace.pk:
        raise ValidationError({"circle": "There is no such circle here."})
    board = Board(workspace=workspace, home=workspace, **fields)
    return records.create_record(record=board, actor=actor, at=at, verb="opened")


@transaction.atomic
def change_board(
    *,
    board: Board,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Board:
    """Change what a board is and who may open it. A board with listings cannot be moved behind another wall.

    Raises
    ------
    ValidationError
        If a field refuses, or the wall would move while something stands on the board.
    """
    fields = _checked(changes)
    if fields.get("audience", board.audience) != Audience.PRIVATE and "audience" in fields:
        fields["circle"] = None
    if "circle" in fields:
        circle = fields["circle"]
        if circle is not None and circle.workspace_id != board.workspace_id:
            raise ValidationError({"circle": "There is no such circle here."})
        moves = (circle.pk if circle else None) != board.circle_id
        if moves and Listing.objects.filter(board=board).exists():
            raise ValidationError(
                {
                    "circle": "What stands on this board was said behind its wall. Open another board instead of "
                    "moving the wall."
                }
            )
    return records.change_record(
        record=board, changes=fields, actor=actor, at=at, expected_version=expected_version
    )


def kind_of_picture(start: bytes) -> str:
    """Return the media type of a picture by its first bytes; empty for anything else, SVG too: it can script.

    >>> kind_of_picture(b"<svg xmlns=")
    ''
    """
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for mark, kind in PICTURES.items() if start.startswith(mark)), "")


@transaction.atomic
def set_logo(*, board: Board, file: UploadedFile, actor: Actor, at: datetime) -> Board:
    """Keep a picture as the board's sign.

    Raises
    ------
    ValidationError
        If it is no PNG, JPEG, GIF or WebP, or larger than 512 kB.
    """
    content = file.read(LOGO_LARGEST + 1)
    if len(content) > LOGO_LARGEST:
        raise ValidationError({"logo": "This picture is larger than 512 kB."})
    if not kind_of_picture(content[:16]):
        raise ValidationError({"logo": "A logo is a PNG, JPEG, GIF or WebP picture."})
    kept = files.store_file(
        workspace=board.workspace, name=file.name or "logo", chunks=[content], actor=actor, at=at
    )
    return records.change_record(record=board, changes={"logo": kept}, actor=actor, at=at)


@transaction.atomic
def remove_logo(*, board: Board, actor: Actor, at: datetime) -> Board:
    """Take the picture away."""
    return records.change_record(record=board, changes={"logo": None}, actor=actor, at=at)
