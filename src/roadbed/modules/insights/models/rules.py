"""The rules of segments: conditions over an account's columns and attributes, as SQL on both databases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db.models import F, FloatField, Func, Q, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    IExact,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

Match = Literal["all", "any"]
ATTRIBUTE = "attributes."
NUMBER = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"
MOST_CONDITIONS = 20

COLUMNS = {"name": "title", "domain": "domain", "plan": "plan", "country": "country", "revenue": "revenue"}
"""What a condition may look at besides attributes, and the column it is."""

OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "one_of": "is one of",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "set": "is known",
    "not_set": "is not known",
}
NUMERIC = {"gt", "gte", "lt", "lte"}
WITHOUT_VALUE = {"set", "not_set"}


class AttributeText(Func):
    """The text of an attribute, the same on both databases; null where the account has none."""

    output_field = TextField()

    def __init__(self, column: str, key: str) -> None:
        self.key = key
        super().__init__(F(column))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Compile for SQLite: its JSON has no text of a boolean."""
        column, params = compiler.compile(self.source_expressions[0])
        path = f'$."{self.key}"'
        statement = (
            f"CASE json_type({column}, %s) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
            f"ELSE CAST(json_extract({column}, %s) AS TEXT) END"
        )
        return statement, [*params, path, *params, path]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Compile for PostgreSQL."""
        column, params = compiler.compile(self.source_expressions[0])
        return f"({column} ->> %s)", [*params, self.key]


class AttributeNumber(Func):
    """The number that an attribute is, or that its text spells; null where it is none."""

    output_field = FloatField()

    def __init__(self, column: str, key: str) -> None:
        self.key = key
        super().__init__(F(column))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Compile for SQLite: its regular expressions are dear, so only texts are looked at with one."""
        column, params = compiler.compile(self.source_expressions[0])
        path = f'$."{self.key}"'
        value = f"json_extract({column}, %s)"
        statement = (
            f"CASE json_type({column}, %s) WHEN 'integer' THEN {value} WHEN 'real' THEN {value} "
            f"WHEN 'text' THEN CASE WHEN {value} REGEXP %s THEN CAST({value} AS REAL) END END"
        )
        own = [*params, path]
        return statement, [*own, *own, *own, *own, NUMBER, *own]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Compile for PostgreSQL."""
        column, params = compiler.compile(self.source_expressions[0])
        statement = f"CASE WHEN ({column} ->> %s) ~ %s THEN CAST({column} ->> %s AS double precision) END"
        return statement, [*params, self.key, NUMBER, *params, self.key]


class TextNumber(Func):
    """The number that a text column spells; null where it spells none."""

    output_field = FloatField()

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # Django's own stubs narrow this per database
        """Compile for either database: only the name of the regular-expression operator differs."""
        text, params = compiler.compile(self.source_expressions[0])
        matches, kind = ("~", "double precision") if connection.vendor == "postgresql" else ("REGEXP", "REAL")
        statement = f"CASE WHEN {text} {matches} %s THEN CAST({text} AS {kind}) END"
        return statement, [*params, NUMBER, *params]


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a rule: *field* *operator* *value*."""

    field: str
    operator: str
    value: str = ""

    @property
    def label(self) -> str:
        """The line as a person would say it."""
        name = self.field.removeprefix(ATTRIBUTE).replace("_", " ")
        told = f" {self.value}" if self.operator not in WITHOUT_VALUE else ""
        return f"{name} {OPERATORS[self.operator]}{told}"

    def as_q(self) -> Q:
        """The condition over accounts."""
        if self.field == "revenue":
            return self._figure_as_q(Cast(F("revenue"), FloatField()))
        if self.field in COLUMNS:
            text: Any = Coalesce(F(COLUMNS[self.field]), Value(""), output_field=TextField())
        else:
            words = AttributeText("attributes", self.field.removeprefix(ATTRIBUTE))
            text = Coalesce(words, Value(""), output_field=TextField())
        match self.operator:
            case "is":
                return Q(IExact(text, self.value))
            case "is_not":
                return ~Q(IExact(text, self.value))
            case "contains":
                return Q(IContains(text, self.value))
            case "set":
                return ~Q(Exact(text, ""))
            case "not_set":
                return Q(Exact(text, ""))
            case "one_of":
                some = Q(pk__in=[])
                for part in self.value.split(","):
                    some |= Q(IExact(text, part.strip()))
                return some
        if self.field in COLUMNS:
            return self._figure_as_q(TextNumber(text))
        return self._figure_as_q(AttributeNumber("attributes", self.field.removeprefix(ATTRIBUTE)))

    def _figure_as_q(self, figure: Any) -> Q:
        if self.operator == "set":
            return Q(IsNull(figure, False))
        if self.operator == "not_set":
            return Q(IsNull(figure, True))
        lookup = {
            "is": Exact,
            "is_not": Exact,
            "gt": GreaterThan,
            "gte": GreaterThanOrEqual,
            "lt": LessThan,
            "lte": LessThanOrEqual,
        }[self.operator]
        holds = Q(lookup(figure, float(self.value)))
        return Q(IsNull(figure, True)) | ~holds if self.operator == "is_not" else holds


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions, and whether all of them must hold or any."""

    match: Match
    conditions: tuple[Condition, ...]

    def as_q(self) -> Q:
        """The accounts that the rule takes in; a rule without conditions takes in none."""
        if not self.conditions:
            return Q(pk__in=[])
        whole = self.conditions[0].as_q()
        for condition in self.conditions[1:]:
            whole = whole & condition.as_q() if self.match == "all" else whole | condition.as_q()
        return whole

    def as_json(self) -> dict[str, Any]:
        """The rule as it is kept."""
        lines = [
            {"field": line.field, "operator": line.operator, "value": line.value} for line in self.conditions
        ]
        return {"match": self.match, "conditions": lines}

    @property
    def label(self) -> str:
        """The rule as a person would say it."""
        return (" and " if self.match == "all" else " or ").join(line.label for line in self.conditions)


def parse(raw: Any) -> Rule:
    """Return the rule that the JSON spells.

    Raises
    ------
    ValidationError
        If it is not a rule: an unknown field or operator, a value that is no number where one is needed.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("conditions", []), list):
        raise ValidationError({"rule": "A rule is an object with `match` and a list of `conditions`."})
    match = raw.get("match", "all")
    if match not in {"all", "any"}:
        raise ValidationError({"rule": "`match` is either all or any."})
    lines = raw.get("conditions", [])
    if len(lines) > MOST_CONDITIONS:
        raise ValidationError({"rule": f"A rule has at most {MOST_CONDITIONS} conditions."})
    return Rule(
        match=match, conditions=tuple(_condition(line, place) for place, line in enumerate(lines, start=1))
    )


def _condition(raw: Any, place: int) -> Condition:
    def refuse(message: str) -> ValidationError:
        return ValidationError({"rule": f"Condition {place}: {message}"})

    if not isinstance(raw, Mapping):
        raise refuse("it needs a field and an operator.")
    field, operator = str(raw.get("field", "")).strip(), str(raw.get("operator", "")).strip()
    value = " ".join(str("" if raw.get("value") is None else raw.get("value")).split())
    name = field.removeprefix(ATTRIBUTE)
    if field not in COLUMNS and not (field.startswith(ATTRIBUTE) and name):
        raise refuse(f"accounts have no field “{field[:60]}”.")
    if len(field) > 120 or '"' in field or "\x00" in field + value:
        raise refuse("this name of a field cannot be used.")
    if operator not in OPERATORS:
        raise refuse(f"“{operator[:40]}” is not a comparison.")
    if field == "revenue" and operator in {"contains", "one_of"}:
        raise refuse("revenue is a number: use is, is more than, is at least, is less than or is at most.")
    if operator in WITHOUT_VALUE:
        value = ""
    elif not value:
        raise refuse("say what to compare with.")
    elif len(value) > 500:
        raise refuse("the value is too long.")
    if operator in NUMERIC or (field == "revenue" and operator in {"is", "is_not"}):
        try:
            if not math.isfinite(float(value)):
                raise ValueError(value)
        except ValueError:
            raise refuse(f"“{value[:40]}” is not a number.") from None
    return Condition(field=field, operator=operator, value=value)
