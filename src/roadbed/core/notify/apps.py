"""Registers the app with Django and with the core's registries."""

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    """The `notify` app."""

    name = "roadbed.core.notify"
    label = "notify"

    def ready(self) -> None:
        """Listen to the history; offer the inbox, its count, its deeds and its settings."""
        from roadbed.core.notify import selectors, tasks
        from roadbed.core.notify.services import spreading
        from roadbed.core.records import deeds, events
        from roadbed.core.workspaces import navigation, settings_tabs
        from roadbed.core.workspaces.roles import Role

        assert tasks  # noqa: S101 - imported for its registrations
        events.listen(spreading.hear)
        navigation.register_unread(selectors.count_unread)
        for deed in (
            deeds.Deed(
                "Read my notices",
                "inbox/",
                icon="inbox",
                words="inbox unread notifications",
                role=Role.VIEWER,
            ),
            deeds.Deed(
                "Choose when mail comes",
                "settings/notifications/",
                icon="settings",
                words="digest e-mail notifications",
                role=Role.VIEWER,
            ),
        ):
            deeds.register(deed)
        for tab in (
            settings_tabs.Tab("Notifications", "settings/notifications/", group="You", order=30),
            settings_tabs.Tab("Channels", "settings/channels/", group="Workspace", order=60, role=Role.OWNER),
            settings_tabs.Tab(
                "Webhooks", "settings/webhooks/", group="Connections", order=20, role=Role.OWNER
            ),
        ):
            settings_tabs.register(tab)
