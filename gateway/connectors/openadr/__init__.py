"""The OpenADR 3 VEN: one at each VTN, for all stations and sites that follow it."""

from gateway.connectors.openadr.access import VtnAccess

__all__ = ["VtnAccess"]
