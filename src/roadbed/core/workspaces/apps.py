"""Registers the app with Django, and its settings pages."""

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """The `workspaces` app."""

    name = "roadbed.core.workspaces"
    label = "workspaces"

    def ready(self) -> None:
        """Add the settings pages of people and places."""
        from roadbed.core.workspaces.roles import Role
        from roadbed.core.workspaces.settings_tabs import Tab, register

        register(Tab("Profile", "me/", "You", 10))
        register(Tab("Sign-in and security", "settings/security/", "You", 20))
        register(Tab("API tokens", "settings/tokens/", "You", 40))
        register(Tab("General", "settings/", "Workspace", 10))
        register(Tab("Members", "settings/members/", "Workspace", 20))
        register(Tab("Departments", "settings/departments/", "Workspace", 30))
        register(Tab("Teams", "settings/teams/", "Workspace", 40))
        register(Tab("Circles", "settings/circles/", "Workspace", 45))
        register(Tab("Products", "settings/products/", "Workspace", 50))
        register(Tab("Activity log", "settings/activity/", "Data", 80))
        register(Tab("Deleted records", "settings/deleted/", "Data", 90, Role.MAKER))
        register(Tab("Danger zone", "settings/danger/", "Workspace", 200, Role.OWNER))
