"""Which flags wait for themselves, found before anybody asks."""

from __future__ import annotations

from collections.abc import Mapping

from roadbed_engines.flags.definitions import Flag

DEEPEST = 50


def needed_by(flag: Flag) -> list[str]:
    """Return the keys of the flags that one needs, itself or through its rules."""
    every = [*flag.needs, *(need for rule in flag.rules for need in rule.needs)]
    return list(dict.fromkeys(need.flag for need in every))


def cycles_of(flags: Mapping[str, Flag]) -> dict[str, str]:
    """Return the flags that lead into a cycle of prerequisites (or a chain of more than 50), each with that cycle.

    >>> from roadbed_engines.flags.definitions import Need
    >>> cycles_of({"a": Flag(key="a", needs=(Need("b"),)), "b": Flag(key="b", needs=(Need("a"),)), "c": Flag(key="c")})
    {'a': 'a → b → a', 'b': 'b → a → b'}
    """
    needs = {key: [each for each in needed_by(flag) if each in flags] for key, flag in flags.items()}
    found = {}
    for key in flags:
        if needs[key] and (cycle := _walk(key, needs)):
            found[key] = " → ".join(cycle)
    return found


def _walk(start: str, needs: Mapping[str, list[str]]) -> list[str]:
    """Walk along the needs from one flag; return the first way that comes back to itself, or is too long."""
    way = [start]
    ahead = [iter(needs[start])]
    over: set[str] = set()
    while ahead:
        following = next(ahead[-1], None)
        if following is None:
            over.add(way.pop())
            ahead.pop()
            continue
        if following in way:
            return [*way[way.index(following) :], following]
        if following in over:
            continue
        way.append(following)
        if len(way) > DEEPEST:
            return [*way[:3], "…", way[-1]]
        ahead.append(iter(needs[following]))
    return []
