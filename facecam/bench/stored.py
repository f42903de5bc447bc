"""A result from its file: one of another version, and one that is damaged, are told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from facecam.bench.compare import compare
from facecam.bench.conform import misfit
from facecam.bench.report import SCHEMA
from facecam.bench.tables import markdown
from facecam.errors import FacecamError

SCHEMA_FILE = Path(__file__).with_name("schema.json")
_DAMAGE = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)


def load(path: Path) -> dict[str, Any]:
    """A result from its file. Raises FacecamError if it isn't one, or of another schema."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FacecamError(f"{path} can't be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise FacecamError(f"{path} is not a benchmark's result (no JSON).") from error
    if not isinstance(result, dict) or "schema" not in result or not isinstance(result.get("runs"), list):
        raise FacecamError(f"{path} is not a benchmark's result; `facecam bench --json FILE` writes one.")
    if result["schema"] != SCHEMA:
        raise FacecamError(f"{path} {_another_schema(result['schema'])}.")
    departure = misfit(result, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    if departure is not None:
        raise FacecamError(f"{path} is a damaged result: {departure}; measure again.")
    try:  # both read all of it
        markdown(result)
        compare(result, result)
    except _DAMAGE as error:
        raise FacecamError(f"{path} is a damaged result; measure again.") from error
    return result


def _another_schema(schema: Any) -> str:
    if isinstance(schema, int) and schema > SCHEMA:
        return f"comes from a newer facecam (schema {schema}, this one reads {SCHEMA}); update this one"
    return f"comes from an older facecam (schema {schema}, this one reads {SCHEMA}); measure again"
