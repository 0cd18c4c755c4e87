"""What the network makes of a few training records, to look at while it learns."""

from typing import Any

import numpy as np

from pnet_tf import fields
from pnet_tf.data import sheet
from pnet_tf.stack import keras, tf

ROWS = 4


def draw(model: keras.Model, batch: dict[str, Any], strategy: tf.distribute.Strategy) -> np.ndarray:
    """Views, labels and the clean view's predictions of the first records of a batch.

    Args:
      model: a training graph on one device.
      batch: of `pipeline.training_batches`, or a strategy's; the first replica's part is drawn.

    Returns:
      An RGB sheet (h, w, 3) uint8, a record a row.
    """
    local = {name: strategy.experimental_local_results(value)[0][:ROWS].numpy() for name, value in batch.items()}
    logits = model(tf.cast(local[fields.CLEAN], tf.float32), training=False)
    foreground = {name: tf.nn.softmax(one)[..., fields.FOREGROUND].numpy() for name, one in logits.items()}
    return sheet.draw(local, foreground)
