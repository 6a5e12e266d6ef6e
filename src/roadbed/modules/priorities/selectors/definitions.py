"""A lens's definition: JSON in the table, a method of the engine in the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from roadbed_engines.priority import methods, questions
from roadbed_engines.priority.methods import Input, Method

OWN_SCALE = {
    "ice": {"impact", "confidence", "ease"},
    "safe-wsjf": {"size"},
    "drivers": {"value", "strategy", "risk"},
}
"""Inputs that mean something else than the same word in other methods: their figures carry the method's name."""
READ_FROM = {
    "rice": {"reach": "people", "effort": "estimate"},
    "value-effort": {"effort": "estimate"},
    "drivers": {"effort": "estimate"},
    "moscow": {"effort": "estimate"},
    "opportunity": {"importance": "importance", "satisfaction": "satisfaction"},
}
"""Inputs that evidence answers where nobody has."""
EVIDENCE = {
    "": "Given by people",
    "people": "People heard",
    "accounts": "Customers heard",
    "revenue": "Revenue behind it",
    "estimate": "The roadmap’s estimate, in weeks",
    "importance": "The need’s importance",
    "satisfaction": "The need’s satisfaction",
}
_WORTH = ["reach", "value", "importance", "satisfaction", "better", "worse", "business_value"]
STUDIES: tuple[dict[str, Any], ...] = (
    {"name": "Ask 200 customers", "kind": "survey", "answers": _WORTH, "narrows_to": 0.5},
    {
        "name": "Test a prototype with 8 people",
        "kind": "prototype",
        "answers": ["impact", "ease", "satisfaction", "value"],
        "narrows_to": 0.6,
    },
    {
        "name": "Run an A/B experiment",
        "kind": "experiment",
        "answers": ["impact", "value", "cost_of_delay"],
        "narrows_to": 0.25,
    },
    {
        "name": "Spike for two days",
        "kind": "spike",
        "answers": ["effort", "duration", "size", "risk"],
        "narrows_to": 0.5,
    },
)
"""How one may learn, before a workspace says what its own studies cost."""


def initial(method: str) -> dict[str, Any]:
    """Return the definition that a lens of a method begins with.

    Raises
    ------
    ValidationError
        If there is no such method.
    """
    if method not in methods.METHODS:
        raise ValidationError({"method": f"There is no method {method}."})
    found = methods.METHODS[method]
    own = OWN_SCALE.get(method, set())
    evidence = READ_FROM.get(method, {})
    return {
        "inputs": [
            {
                **{name: getattr(one, name) for name in Input.__slots__},
                "figure": f"{method.replace('-', '_')}_{one.name}" if one.name in own else one.name,
                "evidence": evidence.get(one.name, ""),
            }
            for one in found.inputs
        ],
        "formula": found.formula,
        "worth": found.worth,
        "cost": found.cost,
        "delayed": found.delayed,
    }


def initial_studies(method: str) -> list[dict[str, Any]]:
    """Return the ways to learn about the inputs of a method, free until a workspace prices them."""
    names = {one.name for one in methods.METHODS[method].inputs}
    return [
        {**study, "answers": [name for name in study["answers"] if name in names], "cost": 0.0, "weeks": 0.0}
        for study in STUDIES
        if names & set(study["answers"])
    ]


def _number(value: Any, what: str) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise ValidationError({"definition": f"{what} is no figure."})
    return float(value)


def method_of(name: str, title: str, definition: Mapping[str, Any]) -> Method:
    """Return the method that a definition describes.

    Raises
    ------
    ValidationError
        If it is none, or cannot be computed.
    """
    try:
        inputs = tuple(_input(one) for one in definition["inputs"])
        found = Method(
            name=name,
            title=title,
            inputs=inputs,
            formula=str(definition["formula"]),
            worth=str(definition.get("worth") or ""),
            cost=str(definition.get("cost") or ""),
            delayed=str(definition.get("delayed") or ""),
        )
        methods.check(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValidationError({"definition": "This is no definition of a lens."}) from error
    except ValidationError:
        raise
    except ValueError as error:
        raise ValidationError({"definition": f"{str(error)[:1].upper()}{str(error)[1:]}."}) from error
    return found


def _input(one: Mapping[str, Any]) -> Input:
    label = str(one.get("label") or one["name"])[:60]
    worst, best = (
        _number(one.get("worst"), f"The worst {label}"),
        _number(one.get("best"), f"The best {label}"),
    )
    if (worst is None) != (best is None) or (worst is not None and worst == best):
        raise ValidationError({"definition": f"The scale of {label} has two different ends, or none."})
    weight = _number(one.get("weight"), f"The weight of {label}") or 0.0
    if weight < 0:
        raise ValidationError(
            {"definition": f"The weight of {label} lies below 0; turn its scale around instead."}
        )
    if str(one.get("evidence") or "") not in EVIDENCE:
        raise ValidationError({"definition": f"{label} reads no such evidence."})
    return Input(
        name=str(one["name"])[:40],
        label=label,
        unit=str(one.get("unit") or "")[:30],
        worst=worst,
        best=best,
        weight=weight,
        least=_number(one.get("least"), f"The least {label}"),
        divides=bool(one.get("divides")),
        hint=str(one.get("hint") or "")[:200],
    )


def clean(definition: Any) -> dict[str, Any]:
    """Return a definition with nothing in it but what it should hold.

    Raises
    ------
    ValidationError
        If it cannot be computed.
    """
    if not isinstance(definition, Mapping) or not isinstance(definition.get("inputs"), list):
        raise ValidationError({"definition": "This is no definition of a lens."})
    if len(definition["inputs"]) > 20:
        raise ValidationError({"definition": "A lens has at most 20 inputs."})
    found = method_of("", "", definition)
    for given, one in zip(definition["inputs"], found.inputs, strict=True):
        figure = str(given.get("figure") or one.name)
        if not figure.isidentifier() or not figure.isascii() or len(figure) > 40:
            raise ValidationError({"definition": f"{figure[:40]} is no name for a figure."})
    return {
        "inputs": [
            {
                **{name: getattr(one, name) for name in Input.__slots__},
                "figure": str(given.get("figure") or one.name),
                "evidence": str(given.get("evidence") or ""),
            }
            for given, one in zip(definition["inputs"], found.inputs, strict=True)
        ],
        "formula": " ".join(found.formula.split()),
        "worth": " ".join(found.worth.split()),
        "cost": " ".join(found.cost.split()),
        "delayed": found.delayed,
    }


def clean_studies(studies: Any) -> list[dict[str, Any]]:
    """Return studies with nothing in them but what they should hold.

    Raises
    ------
    ValidationError
        If one makes no sense.
    """
    if not isinstance(studies, list) or len(studies) > 20:
        raise ValidationError({"studies": "Studies are a list of at most 20."})
    found = []
    for one in studies:
        if not isinstance(one, Mapping) or not str(one.get("name") or "").strip():
            raise ValidationError({"studies": "A study has a name."})
        name = str(one["name"]).strip()[:120]
        narrows = _number(one.get("narrows_to"), f"What {name} leaves open")
        if narrows is None or not 0 < narrows < 1:
            raise ValidationError({"studies": f"{name} leaves a share between 0 and 1 of the range."})
        cost, weeks = (
            _number(one.get("cost"), "The cost") or 0.0,
            _number(one.get("weeks"), "The duration") or 0.0,
        )
        if cost < 0 or weeks < 0:
            raise ValidationError({"studies": f"{name} costs nothing less than 0."})
        answers = one.get("answers")
        if not isinstance(answers, list) or not all(isinstance(each, str) for each in answers):
            raise ValidationError({"studies": f"{name} names the inputs that it answers."})
        found.append(
            {
                "name": name,
                "kind": str(one.get("kind") or "study")[:20],
                "answers": [each[:40] for each in answers[:20]],
                "narrows_to": narrows,
                "cost": cost,
                "weeks": weeks,
            }
        )
    return found


def studies_of(rows: list[dict[str, Any]]) -> list[questions.Study]:
    """Return studies as the engine takes them."""
    return [
        questions.Study(
            name=one["name"],
            kind=one["kind"],
            answers=tuple(one["answers"]),
            narrows_to=one["narrows_to"],
            cost=one["cost"],
            weeks=one["weeks"],
        )
        for one in rows
    ]
