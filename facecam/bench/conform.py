"""Does a value from a JSON file have the form that a schema describes? The part of JSON Schema that ours uses."""

from __future__ import annotations

import math
from typing import Any

_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def misfit(value: Any, schema: dict[str, Any], place: str = "") -> str | None:
    """The first place where the value departs from the schema, as "runs[0].title is missing"; None if it nowhere does.

    Numbers have to be finite, which JSON asks for and Python's reader doesn't.
    """
    name = place or "the whole"
    if "const" in schema and value != schema["const"]:
        return f"{name} is not {schema['const']}"
    if "type" in schema:
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if not any(_is(value, kind) for kind in kinds):
            return f"{name} is no {' or '.join(kinds)}"
    if isinstance(value, dict):
        return _misfit_object(value, schema, place)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            return f"{name} has too few entries"
        found = (misfit(item, schema.get("items", {}), f"{place}[{index}]") for index, item in enumerate(value))
        return next(filter(None, found), None)
    return None


def _misfit_object(value: dict[str, Any], schema: dict[str, Any], place: str) -> str | None:
    inside = f"{place}." if place else ""
    for key in schema.get("required", ()):
        if key not in value:
            return f"{inside}{key} is missing"
    parts = schema.get("properties", {})
    found = (misfit(value[key], part, f"{inside}{key}") for key, part in parts.items() if key in value)
    return next(filter(None, found), None)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):  # which counts as an int in Python
        return False
    return isinstance(value, _KINDS[kind]) and not (isinstance(value, float) and not math.isfinite(value))
