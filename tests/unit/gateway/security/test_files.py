"""Files of keys and certificates: private at once, whole or absent, never over another."""

import os
import stat

import pytest

from gateway.errors import IdentityError
from gateway.security.files import make_folder, refuse_existing, write_private, write_public


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask():
    """A umask that would let everybody read."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("write", "mode"),
    [
        pytest.param(write_private, 0o600, id="a secret is its owner's alone"),
        pytest.param(write_public, 0o644, id="a certificate may be read"),
    ],
)
def test_the_mode_is_the_kinds_even_under_an_open_umask(tmp_path, open_umask, write, mode):
    path = write(tmp_path / "file", b"content")
    assert mode_of(path) == mode
    assert path.read_bytes() == b"content"


def test_a_secret_is_never_readable_by_others_while_it_is_written(tmp_path, open_umask):
    seen = []

    class Watching(bytes):
        """Bytes that look at the folder when the writer asks for them."""

        __slots__ = ()

        def __buffer__(self, flags):
            seen.extend(mode_of(item) for item in tmp_path.iterdir())
            return super().__buffer__(flags)

    write_private(tmp_path / "key", Watching(b"secret"))
    assert seen
    assert set(seen) == {0o600}


def test_nothing_but_the_file_itself_remains(tmp_path):
    write_private(tmp_path / "key", b"secret")
    assert [item.name for item in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("write", [write_private, write_public])
def test_an_existing_file_is_refused_and_stays_as_it_was(tmp_path, write):
    path = tmp_path / "key"
    path.write_bytes(b"old")
    with pytest.raises(IdentityError, match="exists already") as caught:
        write(path, b"new")
    assert caught.value.code == "DG-1103"
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["key"]


def test_a_dangling_link_is_not_followed(tmp_path):
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="exists"):
        write_private(tmp_path / "key", b"secret")
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(IdentityError, match="cannot write the file") as caught:
        write_private(tmp_path / "nowhere" / "key", b"secret")
    assert caught.value.code == "DG-1102"


def test_a_new_folder_belongs_to_its_owner_alone(tmp_path, open_umask):
    folder = make_folder(tmp_path / "a" / "b")
    assert mode_of(folder) == 0o700


def test_an_existing_folder_is_taken_as_it_is(tmp_path):
    assert make_folder(tmp_path) == tmp_path


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(IdentityError, match="cannot create the folder"):
        make_folder(tmp_path / "file" / "below")


def test_the_first_existing_path_is_the_one_named(tmp_path):
    (tmp_path / "b").write_bytes(b"")
    with pytest.raises(IdentityError, match="b DG-1103"):
        refuse_existing(tmp_path / "a", tmp_path / "b")


def test_free_names_pass(tmp_path):
    refuse_existing(tmp_path / "a", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []
