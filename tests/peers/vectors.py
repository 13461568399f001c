"""The messages that the golden vectors owe their stations, made by the translators."""

import functools
import itertools

from gateway.settings.packs import shipped_book
from support.places import ROOT
from translators.chain import travel
from translators.errors import DocumentError
from translators.vectors import case_of, read_stations, read_vector

GOLDEN = ROOT / "tests" / "golden"
FOLDER = GOLDEN / "vectors"


@functools.cache
def owed(version):
    """Return what each 2030.5 vector owes its station over a version of OCPP, by vector and number."""
    book = shipped_book()
    stations = read_stations((FOLDER / "stations.yaml").read_text())
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        vector = read_vector(path.read_text()).model_copy(update={"ocpp_version": version})
        if vector.source.protocol == "ieee2030_5":
            orders = travel(book, case_of(vector, stations)).value.orders
            names = (f"{vector.id} #{number}" for number in itertools.count(1))
            found |= dict(zip(names, orders.messages, strict=False))
    return found


@functools.cache
def everything(version):
    """Return what every golden vector of every protocol owes its station, by vector and number.

    What cannot be read over this version owes nothing: it is refused.
    """
    book, found = shipped_book(), {}
    for folder in (FOLDER, GOLDEN / "own"):
        stations = read_stations((folder / "stations.yaml").read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json")):
            vector = read_vector(path.read_text(encoding="utf-8"))
            try:
                case = case_of(vector.model_copy(update={"ocpp_version": version}), stations)
                messages = travel(book, case).value.orders.messages
            except DocumentError:
                continue
            found |= {f"{vector.id} #{n}": message for n, message in enumerate(messages, 1)}
    return found
