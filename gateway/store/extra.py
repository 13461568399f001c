"""What the extra `postgres` brings."""

from __future__ import annotations

from importlib.util import find_spec

from gateway.errors import SettingsError


def require_asyncpg() -> None:
    """Raise `SettingsError` where the library for PostgreSQL is not installed."""
    if find_spec("asyncpg") is None:
        raise SettingsError(
            "asyncpg is not installed",
            where="database",
            code="DG-1047",
            advice="install the extra `postgres`",
        )
