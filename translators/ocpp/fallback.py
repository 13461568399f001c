"""The fallback table applied: which rule carries a control at one station, or why none does."""

from __future__ import annotations

from translators.canonical.capability import StationProfile
from translators.canonical.controls import DerControl, function_of
from translators.ocpp.limits import can_discharge
from translators.ocpp.members import supports
from translators.rules.book import Book
from translators.rules.fallback_schema import Cell, Need, Row
from translators.rules.target import TargetRule
from translators.rules.values import Unmet

_WITHOUT_V2X = frozenset({"Idle", "ChargingOnly"})


def carrier(book: Book, profile: StationProfile, control: DerControl) -> TargetRule | None:
    """Return the rule that carries a control out, None where the station follows without a message.

    `Unmet` where the table refuses it. A book without a table takes the first rule that serves.
    """
    if book.fallback is None:
        return _only_rule(book, profile, control)
    row = book.row(control)
    if row is None:
        raise Unmet("not_supported", function_of(control), "stands in no row of the table")
    column, cell, rule = cell_for(book, row, profile, control)
    if cell.refused is not None:
        raise Unmet(cell.refused, f"{row.name}.{column}", cell.reason)
    return rule


def cell_for(
    book: Book, row: Row, profile: StationProfile, control: DerControl
) -> tuple[str, Cell, TargetRule | None]:
    """Return column, cell and rule that decide for a station: the first whose needs it meets."""
    cells, found = iter(row.cells()), None
    while found is None:
        found = _fitting(book, next(cells), profile, control)
    return found


def _fitting(
    book: Book, place: tuple[str, Cell], profile: StationProfile, control: DerControl
) -> tuple[str, Cell, TargetRule | None] | None:
    """Return a cell in its column with its rule, None where the station does not meet what it needs."""
    column, cell = place
    if not lies_in(profile, column):
        return None
    rule = _rule(book, cell, profile, control)
    for need in cell.needs:
        if not _met(need, profile, control, rule):
            return None
    return column, cell, rule


def lies_in(profile: StationProfile, column: str) -> bool:
    """Say whether a station lies in a column of the table; a richer one lies in the poorer as well."""
    if profile.ocpp_version != "2.1":
        return column == "ocpp201"
    match column:
        case "der":
            return bool([evse for evse in profile.evses if evse.der_modes])
        case "v2x":
            modes = [evse.v2x_operation_modes - _WITHOUT_V2X for evse in profile.evses]
            return any(modes) or can_discharge(profile)
        case _:
            return column == "charge_only"


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
    """Return the rule that a cell names, None where it names none."""
    for rule in book.targets.get((profile.ocpp_version, type(control).__name__), ()):
        if rule.name == cell.by:
            return rule
    return None


def _only_rule(book: Book, profile: StationProfile, control: DerControl) -> TargetRule:
    rule = book.target(profile.ocpp_version, control)
    if rule is None:
        name = type(control).__name__
        raise Unmet("not_supported", name, f"no rule for {name} on OCPP {profile.ocpp_version}")
    return rule
