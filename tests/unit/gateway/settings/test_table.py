"""The settings table says every key with type, default and meaning."""

import re

from pydantic import BaseModel

from gateway.settings import Settings, table
from gateway.settings.loading import models_in


def rows():
    return {line.split("`")[1]: line for line in table().splitlines()[2:]}


def fields(model: type[BaseModel]):
    for name, info in model.model_fields.items():
        yield info.alias or name
        for inner in models_in(info.annotation):
            yield from fields(inner)


def test_the_table_has_one_row_for_each_setting():
    names = [re.split(r"[.\]]", key)[-1] for key in rows()]
    assert names == list(fields(Settings))


def test_every_row_has_four_cells_and_a_sentence():
    for row in rows().values():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4
        assert all(cells)
        assert cells[3].endswith(".")


def test_a_row_says_type_and_default():
    found = rows()
    assert found["ocpp.port"].startswith("| `ocpp.port` | whole number | `9000` |")
    assert found["stations[].id"].startswith("| `stations[].id` | text | required |")
    assert "| `keep` or `default` or `clear` | `keep` |" in found["on_stop"]
    assert "| true or false | `true` |" in found["utilities[].check_hostname"]
    assert "| number | `30` |" in found["ocpp.call_timeout_s"]
    assert "| list of `W` or `A` | `[W]` |" in found["stations[].evses[].charging_rate_units"]
    assert "| list of text | - |" in found["stations[].evses[].der_modes"]
    assert "| path | - |" in found["ocpp.key"]


def test_units_stand_in_the_names_of_durations():
    for name, row in rows().items():
        if "How long" in row or "nterval" in row:
            assert name.endswith("_s"), name
