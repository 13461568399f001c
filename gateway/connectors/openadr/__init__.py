"""The OpenADR 3 VEN: one at each VTN, for all stations and sites that follow it."""

from gateway.connectors.openadr.access import VtnAccess
from gateway.connectors.openadr.link import OpenAdrLink
from gateway.connectors.openadr.ven import Before, OpenAdrVen

__all__ = ["Before", "OpenAdrLink", "OpenAdrVen", "VtnAccess"]
