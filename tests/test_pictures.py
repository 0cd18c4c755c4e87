"""README's and the card's pictures are of the models that are shipped."""

import numpy as np
import pytest

import pictures
from pnet_tf.pictures import reader


@pytest.mark.parametrize("name", ["portrait", "failures"])
def test_the_shipped_models_draw_the_stored_pictures(name):
    stored = reader.read(pictures.HERE / f"{name}.jpg").rgb.astype(float)
    drawn = getattr(pictures, name)()
    assert stored.shape == drawn.shape
    assert np.abs(stored - drawn).mean() < 3  # grey levels; JPEG alone costs about one
