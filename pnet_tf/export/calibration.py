"""Photos to measure activation ranges on: un-augmented, placed as in evaluation."""

import itertools

import numpy as np

from pnet_tf import config, resize
from pnet_tf.data import records

PHOTOS = 100
"""As many as TFLite's guide asks for ("around 100 to 500")."""


def photos(paths: list[str], experiment: config.Experiment, limit: int = PHOTOS) -> list[np.ndarray]:
    """(H, W, 3) uint8 RGB of the first `limit` records; their order is that of a hash, so they are a fair sample.

    Raises:
      InputError: as for `records.samples`.
    """
    model, mode = experiment.model, experiment.data.resize
    chosen = itertools.islice(records.samples(paths), limit)
    return [resize.fit_photo(rgb, model.input_height, model.input_width, mode)[0] for _, rgb, _ in chosen]
