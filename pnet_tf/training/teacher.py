"""A trained network that answers for the very views that the student sees."""

from collections.abc import Callable

from pnet_tf import store
from pnet_tf.errors import InputError
from pnet_tf.model import deploy
from pnet_tf.stack import tf

STRIDE = 32
"""What the encoder divides its input by."""


def load(name: str, height: int, width: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The teacher, at its own height and nearly in the student's proportions, its width a multiple of 32.

    A student that is asked what the teacher says of every view learns its function instead of points of it (Beyer et
    al., "Knowledge Distillation: A Good Teacher Is Patient and Consistent", CVPR 2022). The teacher sees an enlarged
    view better than a small one, and the mean of what it says of a view and of its mirror image is better than either.

    Args:
      name: a shipped model or a model directory of a float network without prior.
      height, width: of the student's input, in pixels.

    Returns:
      views (B, H, W, 3), 0..255, RGB → foreground probability times 255, (B, H, W) uint8, as records have it.

    Raises:
      InputError: no such model, an int8 twin, or a network with a prior.
    """
    directory = store.find(name)
    if directory is None:
        raise InputError(f"teacher_model={name}: neither a shipped model nor a model directory")
    settings = store.read_config(directory)
    if settings.training.quantize or settings.model.prior:
        raise InputError(f"teacher_model={name}: is an int8 twin or has a prior; name a plain float model")
    own_height = settings.model.input_height
    own_width = STRIDE * max(1, round(width * own_height / height / STRIDE))
    network = deploy.fold(store.load(directory, own_height, own_width)[0])
    network.trainable = False

    def answer(views: tf.Tensor) -> tf.Tensor:
        # Clipped: bicubic overshoots at edges.
        seen = tf.clip_by_value(tf.image.resize(views, (own_height, own_width), "bicubic"), 0.0, 255.0)
        straight, mirrored = tf.split(network(tf.concat([seen, seen[:, :, ::-1]], 0), training=False), 2)
        both = tf.image.resize((straight + mirrored[:, :, ::-1]) / 2, tf.shape(views)[1:3], "bilinear")
        return tf.cast(tf.round(255.0 * both[..., 0]), tf.uint8)

    return answer
