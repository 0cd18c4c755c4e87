"""One device, several, or several machines: tf.distribute strategies by name."""

import contextlib
import json
import os
from collections.abc import Iterator

from pnet_tf.errors import InputError
from pnet_tf.quiet import silent_stderr
from pnet_tf.stack import tf

LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.InternalError)
"""What TensorFlow raises when another worker has died."""

_DEFAULT = tf.distribute.get_strategy()

_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


def make(name: str) -> tf.distribute.Strategy:
    """The strategy of that name; to be called before TensorFlow has computed anything.

    none: one device. mirrored: all GPUs of this machine, or its logical CPUs. multiworker: the machines that the
    environment variable TF_CONFIG lists; returns when all have come. tpu: the TPU that the environment names.

    Raises:
      InputError: TF_CONFIG is missing or is none, its machines do not come together, or there is no TPU.
    """
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    if name == "multiworker":
        _check_cluster(os.environ.get("TF_CONFIG", ""))
        try:
            with silent_stderr():
                return tf.distribute.MultiWorkerMirroredStrategy()
        except (ValueError, tf.errors.OpError, RuntimeError) as error:
            raise InputError(f"--strategy=multiworker: no cluster came about ({str(error).splitlines()[0]})") from None
    if name == "tpu":
        try:
            resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
            return tf.distribute.TPUStrategy(resolver)
        except (ValueError, tf.errors.OpError, RuntimeError) as error:
            raise InputError(f"--strategy=tpu: no TPU can be reached ({str(error).splitlines()[0]})") from None
    return _DEFAULT


def _check_cluster(text: str) -> None:
    try:
        cluster = json.loads(text)
        workers, task = cluster["cluster"]["worker"], cluster["task"]
        fits = task["type"] == "worker" and 0 <= task["index"] < len(workers)
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise InputError(
            f"--strategy=multiworker: TF_CONFIG must list the workers and say which one this is: {_EXAMPLE}"
        )


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the model directory: the only one, or worker 0."""
    resolver = strategy.cluster_resolver
    return resolver is None or resolver.task_type != "worker" or resolver.task_id == 0


def is_distributed(strategy: tf.distribute.Strategy) -> bool:
    """Whether variables are more than plain ones on one device."""
    return not isinstance(strategy, type(_DEFAULT))


def check_batch(strategy: tf.distribute.Strategy, batch_size: int) -> None:
    """Raises InputError if the replicas cannot share the global batch evenly."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(f"batch_size={batch_size}: {replicas} replicas cannot share it evenly; give a multiple")


@contextlib.contextmanager
def lost_workers_are_named(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns what TensorFlow raises when another worker has died into one line."""
    try:
        yield
    except LOST:
        if strategy.cluster_resolver is None:
            raise
        raise InputError(
            "another worker has ended, and this one ends with it; start the same command on every worker again, "
            "the run goes on from its last checkpoint"
        ) from None
