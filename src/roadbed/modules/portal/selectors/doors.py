"""Who stands at the door, and what opens to them. A stranger and a missing board look the same."""

from __future__ import annotations

from dataclasses import dataclass

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import facade as insights
from roadbed.modules.portal.models import Audience, Board, Visitor


@dataclass(frozen=True, slots=True)
class Caller:
    """Who stands at the door: somebody with a confirmed address, somebody nameless, or a member who has a look."""

    visitor: Visitor | None = None
    guest: str = ""
    """Digest of the nameless visitor's cookie; empty where there is none."""
    member_circles: frozenset[int] | None = None
    """The circles of a member of the workspace; None where it is no member."""

    @property
    def person_id(self) -> int | None:
        """The person that the visitor is."""
        return self.visitor.person_id if self.visitor else None

    @property
    def name(self) -> str:
        """What others read."""
        return self.visitor.display_name if self.visitor else "Somebody"


def admits(*, board: Board, email: str) -> bool:
    """Whether somebody with this confirmed address may open the board."""
    if board.audience == Audience.PUBLIC or board.invites(email):
        return True
    return board.audience == Audience.CUSTOMERS and insights.is_customer(
        workspace_id=board.workspace_id, email=email
    )


def may_open(*, board: Board, caller: Caller) -> bool:
    """Whether the caller may open the board."""
    if board.audience == Audience.PUBLIC:
        return True
    if caller.member_circles is not None and (
        board.circle_id is None or board.circle_id in caller.member_circles
    ):
        return True
    return caller.visitor is not None and admits(board=board, email=caller.visitor.email)


def find_workspace(*, slug: str) -> Workspace | None:
    """Return the open workspace at an address."""
    return Workspace.objects.filter(slug=slug, closed_at__isnull=True).first()


def find_board(*, workspace_id: int, slug: str) -> Board | None:
    """Return the board at an address, private ones too: whoever calls this asks `may_open` next."""
    found: Board | None = (
        Board.objects.filter(
            home_id=workspace_id, slug=slug, deleted_at__isnull=True, archived_at__isnull=True
        )
        .select_related("workspace", "logo")
        .first()
    )
    return found


def board_of_domain(*, domain: str) -> tuple[str, str] | None:
    """Return the addresses of the workspace and the board that a domain leads to."""
    found = Board.objects.filter(
        domain=domain.lower(),
        deleted_at__isnull=True,
        archived_at__isnull=True,
        workspace__closed_at__isnull=True,
    )
    return found.exclude(domain="").values_list("workspace__slug", "slug").first()


def open_boards(*, workspace: Workspace, caller: Caller) -> list[Board]:
    """Return the boards of a workspace that the caller may open."""
    boards = Board.objects.filter(home=workspace, deleted_at__isnull=True, archived_at__isnull=True)
    return [board for board in boards.order_by("title", "pk")[:100] if may_open(board=board, caller=caller)]
