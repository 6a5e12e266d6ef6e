"""Who may do what: the team radar."""

SESSION = "alignment/sessions/<int:number>/"
WORKSPACE = {
    "alignment/": "GET viewer",
    "alignment/sessions/new/": "GET maker, POST maker",
    SESSION: "GET viewer",
    f"{SESSION}vote/": "POST contributor",
    f"{SESSION}open/": "POST maker",
    f"{SESSION}again/": "POST maker",
    f"{SESSION}close/": "POST maker",
    f"{SESSION}keep/": "POST maker",
}
PROGRAMS = {
    "sessions": "GET viewer, POST maker",
    "sessions/<key>": "GET viewer",
    "sessions/<key>/votes": "GET viewer, PUT contributor",
    "sessions/<key>/results": "GET viewer",
    "sessions/<key>/deeds": "POST maker",
}
