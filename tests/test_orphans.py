"""Folders in which a photo or its mask is missing, and opacities of 16 bits."""

import cv2
import numpy as np
import pytest

from pnet_tf.errors import InputError
from pnet_tf_tools import scoring
from tfrecords import masks


@pytest.mark.parametrize("missing, words", [("Labels/b.png", "has no mask"), ("Images/b.png", "has no photo")])
def test_a_folder_to_score_is_refused_where_half_of_a_pair_is_missing(tmp_path, missing, words):
    for folder in ("Images", "Labels"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            cv2.imwrite(str(tmp_path / folder / f"{name}.png"), np.zeros((8, 8), np.uint8))
    (tmp_path / missing).unlink()
    with pytest.raises(InputError, match=rf"b\.png: {words}"):
        scoring._from_folder(tmp_path, False)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("convention", ["alpha", "auto"])
def test_an_alpha_channel_is_cut_at_half_of_its_depth(tmp_path, depth, convention):
    """One per cent of opacity around, all of it in the middle."""
    most = np.iinfo(depth).max
    picture = np.zeros((8, 8, 4), depth)
    picture[..., 3] = most // 100
    picture[2:5, 2:5, 3] = most
    cv2.imwrite(str(tmp_path / "m.png"), picture)
    found = masks.FileMask(tmp_path / "m.png", convention).read(8, 8)
    assert np.array_equal(found > 0, picture[..., 3] == most)
