"""tf.data over record files: shuffled epochs of paired views, in an order that a resume repeats."""

import contextlib
import dataclasses
import math
import re
from collections.abc import Iterator

import numpy as np

from pnet_tf import config, fields
from pnet_tf.data import mixture, records, views
from pnet_tf.errors import InputError
from pnet_tf.stack import tf

SHUFFLE_BUFFER = 2048
"""Records held for shuffling (about 130 MB at EG1800's photo size); shard order is shuffled besides."""


def steps_per_epoch(record_count: int, batch_size: int) -> int:
    """Whole batches in one epoch that draws so many records.

    Raises:
      InputError: the batch is larger than the set.
    """
    if record_count < batch_size:
        raise InputError(f"batch_size={batch_size}: larger than the training set of {record_count} records; lower it")
    return record_count // batch_size


def _drawn(group: mixture.Group, seed: tf.Tensor) -> tf.data.Dataset:
    """One epoch's serialised records of a group, shuffled by the seed; those of a weight above 1 come in passes."""
    files = tf.constant(sorted(group.paths))

    def once(number: tf.Tensor) -> tf.data.Dataset:
        mixed = (seed + number * 7_919) % (1 << 31)
        shards = tf.data.Dataset.from_tensor_slices(files).shuffle(len(group.paths), seed=mixed)
        serialized = shards.interleave(tf.data.TFRecordDataset, cycle_length=8)
        return serialized.shuffle(SHUFFLE_BUFFER, seed=mixed)

    return tf.data.Dataset.range(math.ceil(group.weight)).flat_map(once).take(group.drawn)


def serialized_epochs(drawn_from: mixture.Mixture, seed: int, per_epoch: int, start: int) -> tf.data.Dataset:
    """(epoch, record, the one before it) without end, shuffled anew each epoch by seed and epoch alone.

    Records are serialised; the first of an epoch stands before itself. Groups are mixed evenly.

    Args:
      per_epoch: records drawn per epoch; what is left over waits for another order.
      start: records to skip, counted over epochs, unread views and undecoded photos included.
    """
    groups = drawn_from.groups
    owners = tf.constant(np.repeat(np.arange(len(groups)), [group.drawn for group in groups]))
    first_epoch, skipped = divmod(start, per_epoch)

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        mixed = (seed * 1_000_003 + epoch) % (1 << 31)  # neighbouring seeds share no epoch's order
        each = [_drawn(group, mixed) for group in groups]
        if len(groups) > 1:
            order = tf.argsort(tf.random.stateless_uniform(owners.shape, tf.stack([mixed, 0])))
            turns = tf.data.Dataset.from_tensor_slices(tf.gather(owners, order))
            each = [tf.data.Dataset.choose_from_datasets(each, turns)]
        drawn = each[0].take(per_epoch)
        return drawn.scan("", lambda before, one: (one, (epoch, one, tf.where(before == "", one, before))))

    return tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max).flat_map(epoch_of).skip(skipped)


@dataclasses.dataclass(frozen=True)
class Part:
    """One of several machines' share of every global batch: record `index` of `count` equal slices.

    Attributes:
      replicas: devices that this machine has; its slice is dealt out to them as batches of their own.
    """

    index: int = 0
    count: int = 1
    replicas: int = 1


@contextlib.contextmanager
def bad_records_are_named() -> Iterator[None]:
    """Turns what TensorFlow makes of an InputError inside a map function into that one line again."""
    try:
        yield
    except tf.errors.OpError as error:
        said = re.search(r"InputError: (.+)", error.message or "")
        if not said:
            raise
        raise InputError(said[1]) from None


def training_batches(
    drawn_from: mixture.Mixture,
    experiment: config.Experiment,
    start_step: int = 0,
    size: tuple[int, int] | None = None,
    part: Part = Part(),
) -> tf.data.Dataset:
    """Batches of paired views without end, from any step on.

    Args:
      drawn_from: the records, from `mixture.parse`.
      experiment: sizes, augmentation, batch size and seed.
      start_step: global batches already consumed by the run that is being resumed.
      size: (height, width) of the views; the network's by default.
      part: which share of each global batch; all of it by default. Every machine reads all records and makes
        views of its own share alone, so that the global batches do not depend on how many machines there are.

    Returns:
      A dataset of dicts: CLEAN, TEXTURED (B, H, W, 3) uint8 RGB; MASK, BOUNDARY (B, H, W) uint8
      labels; TEACHER (B, H, W) uint8, foreground probability times 255; RECORD_ID (B,) string.
      Iterated within `bad_records_are_named`, it raises InputError for a record that cannot be decoded.
    """
    data, model, training = experiment.data, experiment.model, experiment.training
    shape = size or (model.input_height, model.input_width)
    per_epoch = steps_per_epoch(drawn_from.drawn, training.batch_size) * training.batch_size

    def pair(
        epoch: int, record_id: bytes, image: bytes, mask: bytes, teacher: bytes, *donor: bytes
    ) -> tuple[np.ndarray, ...]:
        rng = views.generator(training.seed, int(epoch), record_id)
        with records.named(record_id.decode(errors="replace")):
            return views.make_pair(image, mask, teacher, rng, data, *shape, donor)

    def to_views(epoch: tf.Tensor, serialized: tf.Tensor, before: tf.Tensor) -> dict[str, tf.Tensor]:
        record = records.parse(serialized)
        stored = [record[name] for name in (fields.IMAGE_BYTES, fields.MASK_BYTES, fields.TEACHER_BYTES)]
        if data.backdrop_share or data.company_share:
            lender = records.parse(before)
            stored += [lender[name] for name in (fields.IMAGE_BYTES, fields.MASK_BYTES)]
        made = tf.numpy_function(pair, [epoch, record[fields.RECORD_ID], *stored], [tf.uint8] * 5, stateful=False)
        clean, textured, mask, boundary, teacher = made
        return {
            fields.CLEAN: tf.ensure_shape(clean, (*shape, 3)),
            fields.TEXTURED: tf.ensure_shape(textured, (*shape, 3)),
            fields.MASK: tf.ensure_shape(mask, shape),
            fields.BOUNDARY: tf.ensure_shape(boundary, shape),
            fields.TEACHER: tf.ensure_shape(teacher, shape),
            fields.RECORD_ID: record[fields.RECORD_ID],
        }

    serialized = serialized_epochs(drawn_from, training.seed, per_epoch, start_step * training.batch_size)
    if part.count > 1:
        share = training.batch_size // part.count
        numbered = serialized.enumerate().filter(lambda i, _: i % training.batch_size // share == part.index)
        serialized = numbered.map(lambda _, drawn: drawn)
    mapped = serialized.map(to_views, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return mapped.batch(training.batch_size // part.count // part.replicas, drop_remainder=True).prefetch(2)
