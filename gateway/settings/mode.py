"""How a gateway runs, as its command line says: for real, in the shadow, or closed to orders."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Mode:
    """`shadow`: all is decided and recorded, nothing is sent; `read_only`: nobody's orders are taken."""

    shadow: bool = False
    read_only: bool = False

    @property
    def words(self) -> str:
        """Return what onlookers are told of it, empty where the gateway works for real."""
        told = ("shadow: nothing is sent", self.shadow), ("read-only: no orders", self.read_only)
        return "; ".join(words for words, holds in told if holds)


FOR_REAL = Mode()


def shadowed(settings: Settings) -> Settings:
    """Return the settings of a shadow: its state lies apart, and nothing of it goes anywhere else."""
    apart = {
        "state_dir": settings.state_dir / "shadow",
        "database": None,
        "checkpoints_to": None,
        "on_stop": "keep",
    }
    return settings.model_copy(update=apart)
