"""What a pair of views costs, so that no accelerator waits for them."""

import itertools
import time

from pnet_tf import config
from pnet_tf.data import mixture, pipeline, records, views

_WARM_UP = 5
_DECODED = 64


def _decode_milliseconds(paths: list[str], experiment: config.Experiment) -> float:
    model = experiment.model
    chosen = list(itertools.islice(records.read(paths), _DECODED))
    started = time.thread_time()
    for record in chosen:
        scale = min(model.input_height / record.height, model.input_width / record.width)
        with records.named(record.id):
            views.decode_for(record.image_bytes, scale)
            records.decode_mask(record.mask_bytes)
    return (time.thread_time() - started) / len(chosen) * 1e3


def measure(drawn_from: mixture.Mixture, experiment: config.Experiment, batches: int) -> dict[str, float]:
    """Runs the training pipeline and nothing else.

    Returns:
      pairs_per_second (wall clock, all cores), cpu_ms_per_pair (over all threads: reading, decoding,
      views, batching), decode_ms_per_pair (photo and mask of an unzoomed view, one thread), batch_size.

    Raises:
      InputError: a record that cannot be decoded, by its id.
    """
    batch_size = experiment.training.batch_size
    data = pipeline.training_batches(drawn_from, experiment).take(_WARM_UP + batches)
    wall = cpu = 0.0
    with pipeline.bad_records_are_named():
        for index, _ in enumerate(data):
            if index == _WARM_UP - 1:
                wall, cpu = time.perf_counter(), time.process_time()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    pairs = batches * batch_size
    return {
        "pairs_per_second": pairs / wall,
        "cpu_ms_per_pair": cpu / pairs * 1e3,
        "decode_ms_per_pair": _decode_milliseconds(drawn_from.paths, experiment),
        "batch_size": batch_size,
    }
