"""Translation vectors: files of documents and the exact messages owed for them; read, played, compared."""

from translators.vectors.border import read_json
from translators.vectors.comparison import Difference
from translators.vectors.form import Vector, read_vector, vector_of
from translators.vectors.operating import bare
from translators.vectors.playing import case_of, play
from translators.vectors.stations import KnownStation, read_stations

__all__ = [
    "Difference",
    "KnownStation",
    "Vector",
    "bare",
    "case_of",
    "play",
    "read_json",
    "read_stations",
    "read_vector",
    "vector_of",
]
