"""What each network costs: parameters and multiply-adds (Table 5), and time on this machine (Table 6)."""

import dataclasses
import pathlib
import time

import numpy as np

from pnet_tf import files, store
from pnet_tf.benchmark import latency
from pnet_tf.errors import InputError
from pnet_tf.export import calibration, convert
from pnet_tf.model import summary
from pnet_tf.model.build import build
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.stack import tf

UNUSED = {"bisenet": 513_000}
"""Parameters that the authors' build has and never uses: of BiSeNet the classifier of ResNet18, 512 × 1000 and 1000."""

FLOAT, INT8 = "float32", "int8_ptq"
RUNS = 30


@dataclasses.dataclass(frozen=True)
class Costs:
    """Of one network.

    Attributes:
      parameters, multiply_adds: by `summary.CONVENTION`, without the boundary head.
      built: parameters as the paper counts them, with the boundary head and what is never used.
      keras: median milliseconds of one photo, on all cores.
      gpu: the same on the first GPU, None without one.
      float32, int8: threads → median milliseconds of the exported file; None where the mode is not possible.
    """

    parameters: int
    multiply_adds: int
    built: int
    keras: float
    gpu: float | None
    float32: dict[int, float] | None
    int8: dict[int, float] | None


def _keras(network: KerasNetwork, device: str) -> float:
    photo, taken = np.zeros((network.height, network.width, 3), np.uint8), []
    with tf.device(device):
        for _ in range(latency.WARM_UP + RUNS):
            started = time.perf_counter()
            network(photo)
            taken.append(1e3 * (time.perf_counter() - started))
    return float(np.median(taken[latency.WARM_UP :]))


def _exported(directory: pathlib.Path, mode: str, model, photos: list[np.ndarray]) -> dict[int, float] | None:
    """Writes the file into the model's directory and times it."""
    try:
        content = convert.convert(model, mode, calibration=photos)
        files.write_bytes(directory / f"{mode}.tflite", content)
        return {threads: latency.latency(content, RUNS, threads) for threads in (1, 2)}
    except InputError:  # an operator that this mode or the runtime has not
        return None


def measure(directory: pathlib.Path, training_paths: list[str]) -> Costs:
    """Counts, exports and times a trained model; its files stay in its directory.

    Args:
      directory: the model's.
      training_paths: record files, for the calibration.
    """
    model, experiment = store.load(directory)
    photos = calibration.photos(training_paths, experiment)
    network, graph = KerasNetwork(model), build(experiment.model)
    size = summary.inference_size(graph)
    gpu = tf.config.list_physical_devices("GPU")
    return Costs(
        size.parameters,
        size.multiply_adds,
        summary.model_size(graph).parameters + UNUSED.get(experiment.model.network, 0),
        _keras(network, "/CPU:0"),
        _keras(network, "/GPU:0") if gpu else None,
        _exported(directory, FLOAT, model, photos),
        _exported(directory, INT8, model, photos),
    )
