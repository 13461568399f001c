"""What an operator, or the settings, want done at one station for its security."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from gateway.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Renew:
    """Have the station ask for a new certificate, and give it one (A02)."""

    station: str


@dataclass(frozen=True, slots=True)
class InstallRoot:
    """Have the station trust another root of ours (M05); `certificate` is PEM."""

    station: str
    certificate: str


@dataclass(frozen=True, slots=True)
class DeleteRoot:
    """Have the station trust a root of ours no longer (M04); `serial` is hexadecimal."""

    station: str
    serial: str


@dataclass(frozen=True, slots=True)
class ListRoots:
    """Have the station say which roots of ours it trusts (M03)."""

    station: str


@dataclass(frozen=True, slots=True)
class Move:
    """Move the station to another security profile or address (A05, B09, B10)."""

    station: str
    profile: int
    url: str
    interface: str = ""


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Give the station a new password, which nobody else ever sees (A01)."""

    station: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Know nothing of the station but what the settings say."""

    station: str


type Errand = Renew | InstallRoot | DeleteRoot | ListRoots | Move | ChangePassword | Forget
KINDS: dict[str, type[Errand]] = {
    "renew": Renew,
    "install-root": InstallRoot,
    "delete-root": DeleteRoot,
    "list-roots": ListRoots,
    "move": Move,
    "change-password": ChangePassword,
    "forget": Forget,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an errand ended, in words for people."""

    done: bool
    words: str


def kind_of(errand: Errand) -> str:
    """Return the name of an errand's kind."""
    return next(name for name, kind in KINDS.items() if type(errand) is kind)


def to_document(errand: Errand) -> dict[str, Any]:
    """Return an errand as JSON values."""
    return {"errand": kind_of(errand), **asdict(errand)}


def from_document(document: Mapping[str, Any]) -> Errand:
    """Read an errand; SettingsError where it is none."""
    given = dict(document)
    kind = KINDS.get(str(given.pop("errand", "")))
    if kind is None:
        raise SettingsError(f"an errand is one of {', '.join(KINDS)}", code="DG-1084")
    types = {field.name: {"int": int, "str": str}[str(field.type)] for field in fields(kind)}
    if any(type(value) is not types.get(name) for name, value in given.items()):
        problem = f"{kind.__name__} takes {', '.join(types)}"
        raise SettingsError(problem, code="DG-1084")
    try:
        return kind(**given)
    except TypeError as exc:
        problem = f"{kind.__name__} needs {', '.join(types)}"
        raise SettingsError(problem, code="DG-1084") from exc
