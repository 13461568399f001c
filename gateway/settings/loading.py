"""From the file to `Settings`: every fault with file, line, code, and a suggestion where one fits."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.errors import SettingsError
from gateway.settings.document import Document, Location, read
from gateway.settings.rules import RULES
from gateway.settings.schema import PROTOCOLS, Settings

SCHEMA_VERSION = 1


def load(file: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a file; SettingsError with the first fault where there is one."""
    settings, faults = examine(file, environment)
    if settings is None or faults:
        raise faults[0]
    return settings


def examine(
    file: Path, environment: Mapping[str, str] = os.environ
) -> tuple[Settings | None, Sequence[SettingsError]]:
    """Return the settings, None where they cannot be read, and every fault in the file's order."""
    try:
        document = read(file, _content(file), environment)
        _check_version(document)
    except SettingsError as fault:
        return None, [fault]
    folder = file.absolute().parent
    try:
        settings = Settings.model_validate(document.values, context={"folder": folder})
    except ValidationError as exc:
        return None, [_fault(document, error) for error in _in_order(document, exc)]
    return settings, [
        SettingsError(found.problem, where=document.where(found.at), code=code, advice=found.advice)
        for code, rule in RULES.items()
        for found in rule(settings)
    ]


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as exc:
        problem = f"cannot be read: {exc.strerror}"
        raise SettingsError(
            problem, where=str(file), code="DG-1020", advice="name the file with -c"
        ) from exc
    except UnicodeDecodeError as exc:
        raise SettingsError("is no UTF-8 text", where=str(file), code="DG-1020") from exc


def _check_version(document: Document) -> None:
    """Judge the version first: in another one all else could mean something else."""
    version = document.values.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise SettingsError(
            f"schema_version {version!r} is not known",
            where=document.where(("schema_version",)),
            code="DG-1033",
            advice=f"this dergate reads version {SCHEMA_VERSION}",
        )


def _in_order(document: Document, exc: ValidationError) -> list[Any]:
    def place(error: Any) -> tuple[int, int]:
        line, column = document.where(_at(error), key=True).rsplit(":", 2)[1:]
        return int(line), int(column)

    return sorted(exc.errors(include_url=False), key=place)


def _at(error: Any) -> Location:
    """Return where a fault is in the file: without the protocol by which an entry was read."""
    at: Location = error["loc"]
    return (*at[:2], *at[3:]) if at[:1] == ("utilities",) and at[2:3] and at[2] in PROTOCOLS else at


def _fault(document: Document, error: Any) -> SettingsError:
    """Return pydantic's finding in our words."""
    at = _at(error)
    name = str(at[-1])
    match error["type"]:
        case "union_tag_invalid":
            context = error["ctx"]
            problem = f"{_dotted((*at, 'protocol'))} = {_shown(context['tag'])}"
            return SettingsError(
                f"{problem}: must be {context['expected_tags']}",
                where=document.where((*at, "protocol")),
                code="DG-1031",
            )
        case "extra_forbidden":
            advice = _suggestion(name, _keys_at(error["loc"][:-1]))
            where = document.where(at, key=True)
            return SettingsError(
                f'unknown key "{name}"', where=where, code="DG-1032", advice=advice
            )
        case "missing":
            where = document.where(at[:-1], key=True)
            return SettingsError(f'"{name}" is missing', where=where, code="DG-1030")
        case "string_pattern_mismatch" if name == "password_verifier":
            return SettingsError(
                "password_verifier holds no verifier",
                where=document.where(at),
                code="DG-1042",
                advice="make one with `dergate station password ID`",
            )
        case "value_error" | "string_type" if at == ("database",):  # it may hold a password
            return SettingsError(
                "database holds no address of PostgreSQL",
                where=document.where(at),
                code="DG-1045",
                advice="write postgresql://USER@HOST/NAME, the password best in a file of libpq",
            )
    problem = f"{_dotted(at)} = {_shown(error['input'])}: {_reason(error)}"
    return SettingsError(problem, where=document.where(at), code="DG-1031")


def _suggestion(name: str, known: Sequence[str]) -> str:
    """Return the known key that was probably meant, else all of them."""
    folded = {key.replace("_", "").lower(): key for key in known}
    near = difflib.get_close_matches(name.replace("_", "").lower(), folded, n=1, cutoff=0.45)
    return f'did you mean "{folded[near[0]]}"?' if near else f"known are {', '.join(known)}"


_REASONS = {
    "bool_type": "must be true or false",
    "dict_type": "must be a group of keys",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "is_instance_of": "must be a number",
    "list_type": "must be a list",
    "model_type": "must be a group of keys",
    "string_type": "must be text; put it in quotes",
}


def _reason(error: Any) -> str:
    """Return what is wrong with a value."""
    if error["type"] == "string_pattern_mismatch":
        return f"has another form than {error['ctx']['pattern']}"
    if error["type"] == "is_instance_of" and error["ctx"]["class"] == "Path":
        return "must be the path of a file"
    if error["type"] == "literal_error":
        return f"must be {error['ctx']['expected']}"
    text = str(error["msg"]).removeprefix("Input ").removeprefix("Value ")
    return _REASONS.get(error["type"], text.replace("should", "must"))


def _shown(value: Any) -> str:
    """Return a value as it may be shown: short, and no group of keys."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a group of keys"
    text = "nothing" if value is None else str(value).lower() if value is True else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _dotted(at: Location) -> str:
    text = ""
    for part in at:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _keys_at(at: Location) -> list[str]:
    """Return the keys that are known at a place."""
    model: type[BaseModel] = Settings
    for n, part in enumerate(at):
        if n == 2 and at[0] == "utilities":
            model = PROTOCOLS[str(part)]
        elif isinstance(part, str):
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            found = models_in(fields[part].annotation)
            model = found[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a type holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in models_in(part)]
