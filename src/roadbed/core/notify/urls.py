"""Addresses of notify."""

from django.urls import URLPattern, path

from roadbed.core.notify.views import channels, inbox, preferences, webhooks

root_patterns: list[URLPattern] = [
    path("notify/off/<str:token>/", preferences.unsubscribe, name="unsubscribe"),
]

workspace_patterns: list[URLPattern] = [
    path("inbox/", inbox.show, name="inbox"),
    path("inbox/read/", inbox.read, name="inbox-read"),
    path("inbox/undo/<str:kept>/", inbox.undo, name="inbox-undo"),
    path("inbox/<int:notice_id>/open/", inbox.open_notice, name="notice-open"),
    path("inbox/<int:notice_id>/unread/", inbox.unread, name="notice-unread"),
    path("settings/notifications/", preferences.show, name="notification-settings"),
    path("settings/channels/", channels.show_all, name="channels"),
    path("settings/channels/new/", channels.add, name="channel-new"),
    path("settings/channels/<int:channel_id>/", channels.change, name="channel"),
    path("settings/channels/<int:channel_id>/delete/", channels.delete, name="channel-delete"),
    path("settings/webhooks/", webhooks.show_all, name="webhooks"),
    path("settings/webhooks/new/", webhooks.add, name="webhook-new"),
    path("settings/webhooks/<int:endpoint_id>/", webhooks.show, name="webhook"),
    path("settings/webhooks/<int:endpoint_id>/change/", webhooks.change, name="webhook-change"),
    path("settings/webhooks/<int:endpoint_id>/test/", webhooks.test, name="webhook-test"),
    path("settings/webhooks/<int:endpoint_id>/rotate/", webhooks.rotate, name="webhook-rotate"),
    path("settings/webhooks/<int:endpoint_id>/switch/", webhooks.switch, name="webhook-switch"),
    path("settings/webhooks/<int:endpoint_id>/delete/", webhooks.delete, name="webhook-delete"),
    path(
        "settings/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/replay/",
        webhooks.replay,
        name="delivery-replay",
    ),
]
