"""Who may do what: the first pages, signing in, invitations and what is public."""

ROOT = {
    "": "GET signed-in",
    "accounts/sessions/<int:session_id>/end/": "POST signed-in",
    "api/docs/": "GET public",
    "api/v1/events": "POST signed-in",
    "api/v1/me": "GET signed-in",
    "api/v1/openapi.json": "GET public",
    "healthz": "GET public",
    "invitations/<slug:secret>/": "GET public",
    "invitations/<slug:secret>/accept/": "POST public",
    "notify/off/<str:token>/": "GET public, POST public",
    "readyz": "GET public",
    "robots.txt": "GET public",
    "sign-in/<slug:secret>/": "GET public, POST public",
    "version": "GET public",
    "workspaces/": "GET signed-in, POST signed-in",
    "workspaces/<slug:slug>/reopen/": "POST signed-in",
}
