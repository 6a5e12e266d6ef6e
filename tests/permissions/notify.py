"""Who may do what: notices, channels and webhooks."""

WORKSPACE = {
    "inbox/": "GET viewer",
    "inbox/<int:notice_id>/open/": "POST viewer/own",
    "inbox/<int:notice_id>/unread/": "POST viewer/own",
    "inbox/read/": "POST viewer",
    "inbox/undo/<str:kept>/": "POST viewer",
    "settings/channels/": "GET owner",
    "settings/channels/<int:channel_id>/": "GET owner, POST owner",
    "settings/channels/<int:channel_id>/delete/": "POST owner",
    "settings/channels/new/": "GET owner, POST owner",
    "settings/webhooks/": "GET owner",
    "settings/webhooks/<int:endpoint_id>/": "GET owner",
    "settings/webhooks/<int:endpoint_id>/change/": "GET owner, POST owner",
    "settings/webhooks/<int:endpoint_id>/delete/": "POST owner",
    "settings/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/replay/": "POST owner",
    "settings/webhooks/<int:endpoint_id>/rotate/": "POST owner",
    "settings/webhooks/<int:endpoint_id>/switch/": "POST owner",
    "settings/webhooks/<int:endpoint_id>/test/": "POST owner",
    "settings/webhooks/new/": "GET owner, POST owner",
}

PROGRAMS = {
    "channels": "GET owner, POST owner",
    "channels/<int:channel_id>": "PUT owner, DELETE owner",
    "deliveries/<int:delivery_id>/replay": "POST owner",
    "notices": "GET viewer",
    "notices/read": "POST viewer",
    "notification-preferences": "GET viewer, PUT viewer",
    "webhooks": "GET owner, POST owner",
    "webhooks/<int:endpoint_id>": "PUT owner, DELETE owner",
    "webhooks/<int:endpoint_id>/deliveries": "GET owner",
    "webhooks/<int:endpoint_id>/rotate": "POST owner",
    "webhooks/<int:endpoint_id>/test": "POST owner",
}
