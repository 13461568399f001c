"""docs/stations.md says what the rules and the engine do."""

from conformance.stations_page import BEGIN, END, NAMES, PAGE, line, table

from support.translation import book
from translators.rules.fallback_schema import Fallback


def test_the_page_holds_the_table_that_the_rules_make():
    """Where it does not: run `python tests/conformance/stations_page.py`."""
    page = PAGE.read_text(encoding="utf-8")
    _, begin, rest = page.partition(BEGIN)
    shown, end, _ = rest.partition(END)
    assert begin
    assert end
    assert shown == table()


def test_what_is_carried_is_sent_and_what_is_not_is_not():
    (fallback,) = book().of(Fallback)
    for row in fallback.rows:
        for column, cell in row.cells():
            sent = line(row, column, cell)[1]
            assert (sent != "none") is (cell.carried in {"exact", "approximate"}), (
                row.name,
                column,
            )


def test_every_kind_of_station_is_named():
    assert all(name in table() for name in NAMES.values())
