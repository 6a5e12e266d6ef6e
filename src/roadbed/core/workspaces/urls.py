"""Addresses of settings below ``/w/<slug>/``, and of workspaces and invitations outside one."""

from django.urls import URLPattern, path

from roadbed.core.workspaces.views import circles, doors, gallery, own, people, workspace

root_patterns: list[URLPattern] = [
    path("", doors.home, name="home"),
    path("workspaces/", doors.workspaces, name="workspaces"),
    path("workspaces/<slug:slug>/reopen/", doors.reopen, name="workspace-reopen"),
    path("invitations/<slug:secret>/", doors.invitation, name="invitation"),
    path("invitations/<slug:secret>/accept/", doors.accept, name="invitation-accept"),
]

workspace_patterns: list[URLPattern] = [
    path("view/", own.switch_view, name="switch-view"),
    path("product/", own.switch_product, name="switch-product"),
    path("me/", own.profile, name="profile"),
    path("me/leave/", workspace.leave, name="leave"),
    path("settings/", workspace.general, name="settings"),
    path("settings/change/", workspace.change, name="settings-change"),
    path("settings/security/", own.security, name="settings-security"),
    path("settings/tokens/", own.tokens, name="settings-tokens"),
    path("settings/tokens/<int:token_id>/revoke/", own.revoke_token, name="settings-token-revoke"),
    path("settings/members/", people.members, name="settings-members"),
    path("settings/members/invite/", people.invite, name="settings-invite"),
    path("settings/members/<int:member_id>/change/", people.change_member, name="settings-member-change"),
    path("settings/members/<int:member_id>/remove/", people.remove_member, name="settings-member-remove"),
    path("settings/members/<int:member_id>/restore/", people.restore_member, name="settings-member-restore"),
    path(
        "settings/invitations/<int:invitation_id>/revoke/",
        people.revoke_invitation,
        name="settings-invitation-revoke",
    ),
    path("settings/departments/", people.departments, name="settings-departments"),
    path("settings/departments/add/", people.add_department, name="settings-department-add"),
    path(
        "settings/departments/<int:department_id>/rename/",
        people.rename_department,
        name="settings-department-rename",
    ),
    path(
        "settings/departments/<int:department_id>/remove/",
        people.remove_department,
        name="settings-department-remove",
    ),
    path(
        "settings/departments/restore/<str:kept>/",
        people.restore_department,
        name="settings-department-restore",
    ),
    path("settings/teams/", people.teams, name="settings-teams"),
    path("settings/teams/add/", people.add_team, name="settings-team-add"),
    path("settings/teams/<int:team_id>/change/", people.change_team, name="settings-team-change"),
    path("settings/teams/<int:team_id>/remove/", people.remove_team, name="settings-team-remove"),
    path("settings/teams/restore/<str:kept>/", people.restore_team, name="settings-team-restore"),
    path("settings/circles/", circles.show, name="settings-circles"),
    path("settings/circles/add/", circles.add, name="settings-circle-add"),
    path("settings/circles/<int:circle_id>/change/", circles.change, name="settings-circle-change"),
    path("settings/circles/<int:circle_id>/remove/", circles.remove, name="settings-circle-remove"),
    path("settings/products/", workspace.products, name="settings-products"),
    path("settings/products/add/", workspace.add_product, name="settings-product-add"),
    path("settings/products/<slug:slug>/change/", workspace.change_product, name="settings-product-change"),
    path(
        "settings/products/<slug:slug>/archive/", workspace.archive_product, name="settings-product-archive"
    ),
    path(
        "settings/products/<slug:slug>/unarchive/",
        workspace.unarchive_product,
        name="settings-product-unarchive",
    ),
    path("settings/activity/", workspace.activity, name="settings-activity"),
    path("settings/activity/export/", workspace.export_activity, name="settings-activity-export"),
    path("settings/activity/verify/", workspace.verify, name="settings-activity-verify"),
    path("settings/deleted/", workspace.deleted, name="settings-deleted"),
    path("settings/danger/", workspace.danger, name="settings-danger"),
    path("settings/danger/close/", workspace.close, name="settings-close"),
    path("gallery/", gallery.show, name="gallery"),
    path("gallery/<slug:part>/", gallery.show, name="gallery-part"),
    path("gallery/<slug:part>/do/<slug:name>/", gallery.do, name="gallery-deed"),
]
