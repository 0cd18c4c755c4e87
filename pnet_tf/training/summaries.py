"""A run on TensorBoard: its figures and pictures."""

import contextlib
import functools
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from pnet_tf import evaluation
from pnet_tf.errors import InputError
from pnet_tf.stack import tf

FOLDER = "logs"
EVERY = 10
"""Steps between two points of a training curve."""


class Board:
    """Watchers that write event files; TensorFlow appends a new file whenever a run goes on."""

    def __init__(self, model_dir: str | pathlib.Path):
        """Takes the model directory; the event files go to its folder `FOLDER`."""
        self._folder = pathlib.Path(model_dir) / FOLDER

    @functools.cached_property
    def _writer(self) -> tf.summary.SummaryWriter:
        return tf.summary.create_file_writer(str(self._folder))  # not before there is something to write

    def on_step(self, step: int, figures: dict[str, float]) -> None:
        """Every loss part, the learning rate, the training IoU, input wait and pairs a second."""
        if step % EVERY == 0 or step == 1:
            self._scalars("training", step, figures)

    def on_epoch(self, entry: dict[str, Any]) -> None:
        """The validation figures at both sizes."""
        for size in (evaluation.NETWORK_SIZE, evaluation.PHOTO_SIZE):
            self._scalars(f"validation_{size}", entry["step"], entry[size])

    def on_panels(self, step: int, sheet: np.ndarray) -> None:
        """The sheet of `panels.draw`."""
        with self._writing():
            tf.summary.image("views_labels_predictions", sheet[None], step=step)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._writer.as_default():
                yield
                self._writer.flush()
        except tf.errors.OpError as error:
            raise InputError(
                f"{self._folder}: cannot be written ({error.message}); make room, or give --notensorboard"
            ) from None

    def _scalars(self, group: str, step: int, figures: dict[str, float]) -> None:
        with self._writing():
            for name, value in figures.items():
                tf.summary.scalar(f"{group}/{name}", value, step=step)
