"""What stands under a final name is whole, and what killed writers left beside goes."""

import pytest

from pnet_tf import files
from pnet_tf.errors import InputError


def names(folder) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_what_a_killed_writer_left_is_used_again(tmp_path):
    with files.replacing(tmp_path / "a.txt") as temporary:
        left = temporary.name
    (tmp_path / left).write_text("half of a longer text")
    files.write_text(tmp_path / "a.txt", "whole")
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_two_writers_of_one_name_do_not_meet(tmp_path):
    with files.replacing(tmp_path / "a.txt") as first:
        first.write_text("first")
        with files.replacing(tmp_path / "a.txt") as second:
            assert second != first
            second.write_text("second")
        assert (tmp_path / "a.txt").read_text() == "second"
    assert (tmp_path / "a.txt").read_text() == "first"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_leaves_what_was_there(tmp_path):
    files.write_text(tmp_path / "a.txt", "old")
    for error, raised in ((KeyError("x"), KeyError), (OSError(28, "No space left on device"), InputError)):
        with pytest.raises(raised), files.replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("new")
            raise error
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_link_in_its_place_is_not_followed(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / ".a.partial.txt").symlink_to(tmp_path / "mine.txt")
    with pytest.raises(InputError, match="cannot be written"):
        files.write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "mine.txt").read_text() == "mine"
