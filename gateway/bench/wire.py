"""Over what a contender is reached: the library behind the endpoint, and whether there is TLS."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from gateway.security import pki
from gateway.security.tls import station_server_context

_NAME = "endpoint"


class Files(TypedDict, total=False):
    """What the endpoint is configured with."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Wire:
    """One way; `read` undoes `words`, for a child process."""

    transport: Literal["websockets", "picows"] = "websockets"
    tls: bool = False

    @classmethod
    def read(cls, words: Sequence[str]) -> Wire:
        """Return what the words of a command line say."""
        return cls("picows" if "picows" in words else "websockets", "tls" in words)

    @property
    def words(self) -> tuple[str, ...]:
        """Return what a child is told."""
        return (self.transport, *(("tls",) if self.tls else ()))

    @property
    def facts(self) -> dict[str, object]:
        """Return what the figures were measured over."""
        return {"transport": self.transport, "tls": self.tls}

    def files(self, folder: Path) -> Files:
        """Make a certificate (EC P-256) and its key where there is TLS."""
        if not self.tls:
            return {}
        made = pki.issue_endpoint(pki.create_endpoint_authority(folder), name=_NAME)
        return {"certificate": made.certificate_path, "key": made.key_path}

    def context(self, folder: Path) -> ssl.SSLContext | None:
        """Return the same as a context of the same suites, for rivals."""
        files = self.files(folder)
        return station_server_context(files["certificate"], files["key"]) if files else None


PLAIN = Wire()
