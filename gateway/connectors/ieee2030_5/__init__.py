"""The IEEE 2030.5 client: one identity at one utility, for one station; what it hears goes to the engine."""

from gateway.connectors.ieee2030_5.access import UtilityAccess
from gateway.connectors.ieee2030_5.link import Ieee2030_5Link

__all__ = ["Ieee2030_5Link", "UtilityAccess"]
