"""Names that cross a boundary between rooms, each spelled once.

Record features are what `tfrecords` writes and `data` reads; batch fields are
what `data` yields and `training` consumes; outputs and loss terms are what the
network and the objective return.
"""

import numpy as np

# Features of one record (tf.train.Example).
SCHEMA = "schema"
RECORD_ID = "id"
SOURCE = "source"
IMAGE_BYTES = "image/encoded"
IMAGE_HEIGHT = "image/height"
IMAGE_WIDTH = "image/width"
MASK_BYTES = "mask/encoded"
TEACHER_BYTES = "teacher/encoded"

SCHEMA_VERSION = 1
"""Raised whenever a reader of the old version would misread the new one."""

# Values of a stored mask (8-bit or 1-bit grey PNG).
MASK_BACKGROUND = 0
MASK_IGNORE = 128
MASK_FOREGROUND = 255

# Labels in a batch.
BACKGROUND = 0
FOREGROUND = 1
IGNORE = 255
"""Pixels with this label count in no loss and in no metric."""

# Fields of a batch.
CLEAN = "clean"
TEXTURED = "textured"
MASK = "mask"
BOUNDARY = "boundary"
TEACHER = "teacher"

# Outputs of the training graph: two-class logits, (B, H, W, 2) float32.
MASK_LOGITS = "mask_logits"
BOUNDARY_LOGITS = "boundary_logits"

# Loss terms.
LOSS_TOTAL = "loss"
LOSS_MASK = "mask_loss"
LOSS_BOUNDARY = "boundary_loss"
LOSS_CONSISTENCY = "consistency_loss"
LOSS_DISTILLATION = "distillation_loss"


def to_labels(stored: np.ndarray) -> np.ndarray:
    """Stored mask values → labels of a batch; any shape, uint8."""
    labels = np.where(stored == MASK_FOREGROUND, FOREGROUND, BACKGROUND).astype(np.uint8)
    labels[stored == MASK_IGNORE] = IGNORE
    return labels
