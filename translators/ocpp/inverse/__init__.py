"""What a station was told, or reports, as canonical controls: the target rules read backwards."""

from translators.ocpp.inverse.messages import Told, told, told_together

__all__ = ["Told", "told", "told_together"]
