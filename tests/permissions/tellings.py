"""Who may do what: telling people what they asked for."""

ROOT = {"told/off/<str:token>/": "GET public, POST public"}

WORKSPACE = {
    "portal/tellings/": "GET viewer",
    "portal/tellings/<int:telling_id>/": "GET viewer",
    "portal/tellings/<int:telling_id>/approve/": "POST maker",
    "portal/tellings/<int:telling_id>/hold/": "POST maker",
    "portal/tellings/<int:telling_id>/letters/<int:letter_id>/told/": "POST maker",
    "portal/tellings/<int:telling_id>/reopen/": "POST maker",
    "portal/tellings/<int:telling_id>/skip/": "POST maker",
    "portal/tellings/<int:telling_id>/words/": "POST maker",
    "portal/tellings/history/": "GET viewer",
    "portal/tellings/new/": "POST maker",
}

PROGRAMS = {
    "letters": "GET viewer",
    "tellings": "GET viewer, POST maker",
    "tellings/<int:telling_id>": "GET viewer",
    "tellings/<int:telling_id>/decision": "PUT maker",
    "tellings/<int:telling_id>/words": "PUT maker",
}
