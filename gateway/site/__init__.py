"""What the settings of a site mean for each part: identities, stations, listeners, the engine; no logic."""

from gateway.site.identities import BoundIdentity, bound_identities, utility_accesses
from gateway.site.links import accesses_of, links_of
from gateway.site.rules import pace_rules, setup_of, site_rules, station_rules, utility_rules
from gateway.site.stations import admin_config, endpoint_config, station_entries, upkeep_of
from gateway.site.vens import unread_bindings, vtn_accesses

__all__ = [
    "BoundIdentity",
    "accesses_of",
    "admin_config",
    "bound_identities",
    "endpoint_config",
    "links_of",
    "pace_rules",
    "setup_of",
    "site_rules",
    "station_entries",
    "station_rules",
    "unread_bindings",
    "upkeep_of",
    "utility_accesses",
    "utility_rules",
    "vtn_accesses",
]
