"""Translation vectors: files of documents and the exact messages owed for them; read, played, compared."""

from translators.vectors.comparison import Difference
from translators.vectors.form import Vector, read_vector
from translators.vectors.playing import case_of, play
from translators.vectors.stations import KnownStation, read_stations

__all__ = [
    "Difference",
    "KnownStation",
    "Vector",
    "case_of",
    "play",
    "read_stations",
    "read_vector",
]
