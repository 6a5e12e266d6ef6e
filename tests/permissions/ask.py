"""Who may do what: ask."""

WORKSPACE = {
    "ask/": "GET viewer",
    "ask/keep/": "POST contributor",
    "ask/phrase/": "POST viewer",
    "ask/questions/": "GET viewer",
    "ask/questions/<int:number>/": "GET viewer",
    "ask/questions/<int:number>/answer/": "POST contributor",
    "ask/questions/<int:number>/close/": "POST maker",
    "ask/questions/<int:number>/edit/": "GET maker, POST maker",
    "ask/questions/<int:number>/rate/": "POST contributor",
    "ask/questions/<int:number>/reopen/": "POST maker",
    "ask/questions/new/": "GET contributor, POST contributor",
}
PROGRAMS = {
    "ask": "GET viewer",
    "questions": "GET viewer, POST contributor",
    "questions/<key>": "GET viewer",
    "questions/<key>/answer": "POST contributor",
}
