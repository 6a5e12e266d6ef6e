"""Every write to workspaces and who is in them, by noun. Import the package and call its functions."""

from roadbed.core.workspaces.services.circles import change_circle, make_circle, remove_circle
from roadbed.core.workspaces.services.invitations import (
    INVITATION_LIFETIME,
    InvitationGoneError,
    accept_invitation,
    find_invitation,
    invite,
    revoke_invitation,
)
from roadbed.core.workspaces.services.members import (
    LastOwnerError,
    change_member,
    remove_member,
    restore_member,
    switch_product,
    switch_view,
    update_profile,
)
from roadbed.core.workspaces.services.products import (
    add_product,
    archive_product,
    change_product,
    unarchive_product,
)
from roadbed.core.workspaces.services.structure import (
    TeamPart,
    add_department,
    add_team,
    change_team,
    register_team_part,
    remove_department,
    remove_team,
    rename_department,
    restore_department,
    restore_team,
)
from roadbed.core.workspaces.services.tokens import create_token, revoke_token
from roadbed.core.workspaces.services.workspaces import (
    DEPARTMENTS,
    change_workspace,
    close_workspace,
    create_workspace,
    reopen_workspace,
)

__all__ = [
    "DEPARTMENTS",
    "INVITATION_LIFETIME",
    "InvitationGoneError",
    "LastOwnerError",
    "TeamPart",
    "accept_invitation",
    "add_department",
    "add_product",
    "add_team",
    "archive_product",
    "change_circle",
    "change_member",
    "change_product",
    "change_team",
    "change_workspace",
    "close_workspace",
    "create_token",
    "create_workspace",
    "find_invitation",
    "invite",
    "make_circle",
    "register_team_part",
    "remove_circle",
    "remove_department",
    "remove_member",
    "remove_team",
    "rename_department",
    "reopen_workspace",
    "restore_department",
    "restore_member",
    "restore_team",
    "revoke_invitation",
    "revoke_token",
    "switch_product",
    "switch_view",
    "unarchive_product",
    "update_profile",
]
