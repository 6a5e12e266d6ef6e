"""Read a project in the format of PSPLIB's single- and multi-mode instances (`.sm`, `.mm`).

References
----------
.. [1] R. Kolisch, A. Sprecher (1996), PSPLIB - a project scheduling problem library, European Journal of
   Operational Research 96, 205-216.
"""

from __future__ import annotations

import re

from roadbed_engines.schedule.plan import Activity, Dependency, Mode, Plan, PlanError, Pool, check

_INTEGER = re.compile(r"[-+]?\d+")


def looks_like(text: str) -> bool:
    """Whether a text is in this format: it has its sections of precedence, requests and availability."""
    heads = text.upper()
    return all(word in heads for word in ("PRECEDENCE RELATIONS", "REQUESTS/DURATIONS", "AVAILABILIT"))


def read(text: str) -> Plan:
    """Read a project with renewable resources.

    Parameters
    ----------
    text : str
        The file. Line ends, blanks and tabs may be of any kind.

    Raises
    ------
    PlanError
        If the text is not in the format, says something impossible, or has nonrenewable resources in use.

    Examples
    --------
    >>> plan = read('''PRECEDENCE RELATIONS:
    ... jobnr. #modes #successors successors
    ... 1 1 1 2
    ... 2 1 0
    ... REQUESTS/DURATIONS:
    ... jobnr. mode duration R 1
    ... 1 1 3 2
    ... 2 1 0 0
    ... RESOURCEAVAILABILITIES:
    ... R 1
    ... 4
    ... ''')
    >>> [activity.modes[0].duration for activity in plan.activities], plan.pools[0].capacity
    ([3, 0], 4)
    """
    sections = _sections(text)
    names = _resource_names(sections["AVAILABILIT"])
    available = _capacities(sections["AVAILABILIT"], len(names))
    after, declared = _successors(sections["PRECEDENCE RELATIONS"])
    modes = _modes(sections["REQUESTS/DURATIONS"], names)
    for key, ways in modes.items():
        if declared.get(key, len(ways)) != len(ways):
            raise PlanError(f"job {key} has {len(ways)} lines of durations and promises {declared[key]}")
    missing = sorted(after.keys() ^ modes.keys(), key=int)
    if missing:
        raise PlanError(f"job {missing[0]} has either no precedence line or no durations")
    renewable = [name for name in names if not name.startswith("N")]
    plan = Plan(
        activities=tuple(Activity(key=key, modes=tuple(ways), pauses=False) for key, ways in modes.items()),
        pools=tuple(Pool(key=name, capacity=available[names.index(name)]) for name in renewable),
        dependencies=tuple(
            Dependency(before=key, after=other) for key, others in after.items() for other in others
        ),
    )
    check(plan)
    return plan


def _sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    current = ""
    for line in text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        upper = line.upper()
        heads = ("PRECEDENCE RELATIONS", "REQUESTS/DURATIONS", "AVAILABILIT")
        head = next((name for name in heads if name in upper), "")
        if head:
            current = head
            found[current] = []
        elif set(line.strip()) <= {"*"} and line.strip():
            current = ""
        elif current and line.strip():
            found[current].append(line)
    for name in ("PRECEDENCE RELATIONS", "REQUESTS/DURATIONS", "AVAILABILIT"):
        if not found.get(name) and (name != "AVAILABILIT" or name not in found):
            raise PlanError(f"this is no PSPLIB file: it has no section {name}…")
    return found


def _rows(lines: list[str], what: str) -> list[list[int]]:
    """Return the lines of numbers; a line of words is a heading."""
    rows: list[list[int]] = []
    for line in lines:
        words = line.split()
        if set(line.strip()) <= set("-= "):
            continue
        if not _INTEGER.fullmatch(words[0]):
            if rows:
                raise PlanError(f"a line of {what} is not made of whole numbers: {line.strip()[:60]}")
            continue
        if not all(_INTEGER.fullmatch(word) for word in words):
            raise PlanError(f"a line of {what} is not made of whole numbers: {line.strip()[:60]}")
        rows.append([int(word) for word in words])
    return rows


def _resource_names(lines: list[str]) -> list[str]:
    heading = next((line for line in lines if not _INTEGER.fullmatch(line.split()[0])), "")
    return [f"{kind}{number}" for kind, number in re.findall(r"([RND])\s*(\d+)", heading.upper())]


def _capacities(lines: list[str], count: int) -> list[int]:
    numbers = [value for row in _rows(lines, "the availabilities") for value in row]
    if len(numbers) != count:
        raise PlanError(f"{count} resources are named, and {len(numbers)} capacities given")
    return numbers


def _successors(lines: list[str]) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Return each job's successors, and how many modes it has."""
    found: dict[str, list[str]] = {}
    modes: dict[str, int] = {}
    wanted: dict[str, int] = {}
    last = ""
    for row in _rows(lines, "the precedence relations"):
        more = last and len(found[last]) < wanted[last]
        if more:
            # Long lists of successors run on in the next line.
            found[last] += [str(job) for job in row]
        elif len(row) < 3:
            raise PlanError(f"a precedence line has {len(row)} numbers; it needs job, modes and successors")
        else:
            last = str(row[0])
            if last in found:
                raise PlanError(f"job {last} has two precedence lines")
            modes[last], wanted[last] = row[1], row[2]
            found[last] = [str(job) for job in row[3:]]
        if len(found[last]) > wanted[last]:
            raise PlanError(f"job {last} names {len(found[last])} successors and promises {wanted[last]}")
    short = next((key for key in found if len(found[key]) < wanted[key]), None)
    if short is not None:
        raise PlanError(f"job {short} names {len(found[short])} successors and promises {wanted[short]}")
    return found, modes


def _modes(lines: list[str], names: list[str]) -> dict[str, list[Mode]]:
    found: dict[str, list[Mode]] = {}
    width = len(names)
    job = ""
    for row in _rows(lines, "the durations"):
        if len(row) == width + 3:
            job = str(row[0])
            row = row[1:]
        if len(row) != width + 2 or not job:
            raise PlanError(f"a line of durations has {len(row)} numbers; it needs {width + 3}")
        needs = dict(zip(names, row[2:], strict=True))
        scarce = next((name for name in names if name.startswith("N") and needs[name]), "")
        if scarce:
            raise PlanError(
                f"job {job} uses up {scarce}, a nonrenewable resource: only renewable ones are scheduled"
            )
        held = {name: amount for name, amount in needs.items() if amount and not name.startswith("N")}
        found.setdefault(job, []).append(Mode(duration=row[1], needs=held))
    return found
