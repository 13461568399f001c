"""The fallback table applied: which rule carries a control at one station, or why none does."""

from __future__ import annotations

from translators.canonical.capability import StationProfile
from translators.canonical.controls import DerControl, function_of
from translators.ocpp.limits import can_discharge
from translators.ocpp.members import supports
from translators.rules.book import Book
from translators.rules.fallback_schema import Cell, Fallback, Need, Row
from translators.rules.target import TargetRule
from translators.rules.values import Unmet

_WITHOUT_V2X = frozenset({"Idle", "ChargingOnly"})


def carrier(book: Book, profile: StationProfile, control: DerControl) -> TargetRule | None:
    """Return the rule that carries a control out, None where the station follows without a message.

    `Unmet` where the table refuses it. A book without a table takes the first rule that serves.
    """
    table = next((item for item in book.others if type(item) is Fallback), None)
    if table is None:
        return _only_rule(book, profile, control)
    row = table.row(control)
    if row is None:
        raise Unmet("not_supported", function_of(control), "stands in no row of the table")
    column, cell = cell_for(book, row, profile, control)
    if cell.refused is not None:
        raise Unmet(cell.refused, f"{row.name}.{column}", cell.reason)
    return _rule(book, cell, profile, control) if cell.by else None


def cell_for(
    book: Book, row: Row, profile: StationProfile, control: DerControl
) -> tuple[str, Cell]:
    """Return the column and the cell that decide for a station: the first whose needs it meets."""
    columns = columns_of(profile)

    def carries(cell: Cell) -> bool:
        needs = cell.needs
        rule = _rule(book, cell, profile, control) if needs else None
        return all(_met(need, profile, control, rule) for need in needs)

    return next((c, cell) for c, cell in row.cells() if c in columns and carries(cell))


def columns_of(profile: StationProfile) -> frozenset[str]:
    """Return the columns of the table that a station lies in; a richer one lies in the poorer as well."""
    if profile.ocpp_version != "2.1":
        return frozenset({"ocpp201"})
    has = {"charge_only"}
    if any(evse.der_modes for evse in profile.evses):
        has.add("der")
    modes = [evse.v2x_operation_modes - _WITHOUT_V2X for evse in profile.evses]
    if any(modes) or can_discharge(profile):
        has.add("v2x")
    return frozenset(has)


def _met(need: Need, profile: StationProfile, control: DerControl, rule: TargetRule | None) -> bool:
    match need:
        case "control_type":
            variant = None if rule is None else rule.variant(control)
            return variant is not None and supports(profile, str(variant.control_type))
        case "discharge":
            return can_discharge(profile)
        case mode:
            return any(mode in evse.v2x_operation_modes for evse in profile.evses)


def _rule(
    book: Book, cell: Cell, profile: StationProfile, control: DerControl
) -> TargetRule | None:
    rules = book.targets.get((profile.ocpp_version, type(control).__name__), ())
    return next((rule for rule in rules if rule.model.metadata.id == cell.by), None)


def _only_rule(book: Book, profile: StationProfile, control: DerControl) -> TargetRule:
    rule = book.target(profile.ocpp_version, control)
    if rule is None:
        name = type(control).__name__
        raise Unmet("not_supported", name, f"no rule for {name} on OCPP {profile.ocpp_version}")
    return rule
