"""Who may do what: priorities."""

LENS = "priorities/lenses/<int:number>/"
PORTFOLIO = "priorities/portfolios/<int:number>/"
WORKSPACE = {
    "priorities/": "GET viewer",
    "priorities/compare/": "GET viewer",
    "priorities/lenses/new/": "GET maker, POST maker",
    LENS: "GET viewer",
    f"{LENS}edit/": "GET maker, POST maker",
    f"{LENS}rank/": "POST maker",
    f"{LENS}export/": "GET viewer",
    f"{LENS}plot/": "GET viewer",
    f"{LENS}learn/": "GET viewer",
    f"{LENS}items/<key:key>/": "GET viewer",
    f"{LENS}items/<key:key>/figures/": "POST maker",
    f"{LENS}items/<key:key>/pace/": "POST maker",
    "priorities/portfolios/new/": "GET maker, POST maker",
    PORTFOLIO: "GET viewer",
    f"{PORTFOLIO}edit/": "GET maker, POST maker",
    f"{PORTFOLIO}solve/": "POST maker",
    f"{PORTFOLIO}pins/<key:key>/": "POST maker",
    f"{PORTFOLIO}accept/": "POST maker",
}
PROGRAMS = {
    "lenses": "GET viewer, POST maker",
    "lenses/<key>": "GET viewer, PATCH maker",
    "lenses/<key>/rank": "POST maker",
    "lenses/<key>/ranking": "GET viewer",
    "lenses/<key>/questions": "GET viewer",
    "figures": "POST maker",
    "figures/<key>": "GET viewer",
    "figures/<key>/<name>": "DELETE maker",
    "paces/<key>": "PUT maker",
    "portfolios": "GET viewer, POST maker",
    "portfolios/<key>": "GET viewer, PATCH maker",
    "portfolios/<key>/choices": "GET viewer",
    "portfolios/<key>/solve": "POST maker",
    "portfolios/<key>/pins/<record>": "PUT maker",
    "portfolios/<key>/accept": "POST maker",
}
