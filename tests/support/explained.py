"""Explanations of golden vectors, with their texts, as `dergate map explain` tells them."""

from functools import cache

from gateway.settings.packs import shipped_book
from support.vector_builders import GOLDEN
from translators.chain import travel
from translators.explain import explain, written
from translators.vectors import case_of, read_stations, read_vector


@cache
def stations(folder):
    return read_stations((GOLDEN / folder / "stations.yaml").read_text(encoding="utf-8"))


def vector(name, folder="vectors"):
    return read_vector((GOLDEN / folder / f"{name}.json").read_text(encoding="utf-8"))


def explained(name, folder="vectors"):
    one = vector(name, folder)
    case = case_of(one, stations(folder))
    texts = {key: written(text) for key, text in one.source.documents.items()}
    return explain(case, travel(shipped_book(), case), shipped_book(), texts)
