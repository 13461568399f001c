"""YAML scripts of the simulators, read into their models."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gateway.errors import SettingsError


def read_script[Script: BaseModel](model: type[Script], text: str) -> Script:
    """Return what a script says; SettingsError names the first wrong entry."""
    try:
        return model.model_validate(YAML(typ="safe", pure=True).load(text))
    except YAMLError as exc:
        raise SettingsError(f"no YAML: {exc}", where="script") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        raise SettingsError(first["msg"], where=f"script {path}".strip()) from exc
