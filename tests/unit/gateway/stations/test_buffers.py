"""Large buffers of TLS connections are fresh memory; small ones are of the heap as ever."""

import subprocess
import sys

import pytest

_PROGRAM = """
import ctypes, mmap
from gateway.stations.buffers import LARGE, fresh_where_large
malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
def fresh(size):
    return sum(malloc(size) % mmap.PAGESIZE == 16 for _ in range(64)) > 48
before = fresh(LARGE)
print(fresh_where_large(), before, fresh(LARGE), fresh(LARGE // 2))
"""
"""A chunk that comes from the system by itself begins sixteen octets into a page; a few fit into the heap."""


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_only_large_memory_comes_from_the_system():
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, check=True, text=True
    )
    assert told.stdout.split() == ["True", "False", "True", "False"]
