"""Photos to measure activation ranges on: un-augmented, placed as in evaluation."""

import itertools

import numpy as np

from pnet_tf import config, resize
from pnet_tf.data import records
from pnet_tf.errors import InputError

PHOTOS = 100
"""As many as TFLite's guide asks for ("around 100 to 500")."""


def photos(paths: list[str], experiment: config.Experiment, limit: int = PHOTOS) -> list[np.ndarray]:
    """(H, W, 3) uint8 RGB of up to `limit` records: the first of each file, in shares that differ by one at most.

    Records lie in the order of a hash, so the first of a file are a fair sample of its set. What a short file lacks
    is not made up for. Of more than `limit` files some, evenly spread, give one each and the others none.

    Raises:
      InputError: no record in any of the files; otherwise as for `records.samples`.
    """
    model, mode = experiment.model, experiment.data.resize
    shares = np.bincount(np.arange(limit) * len(paths) // limit, minlength=len(paths))
    sizes = model.input_height, model.input_width
    found = [
        resize.fit_photo(rgb, *sizes, mode)[0]
        for path, share in zip(paths, shares, strict=True)
        if share
        for _, rgb, _ in itertools.islice(records.samples([path]), share)
    ]
    if not found:
        raise InputError(f"{paths[0]}: no record is in it; name record files with photos")
    return found
