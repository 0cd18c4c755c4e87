"""The shipped files in LiteRT for aarch64, under qemu-user, against the same files on this machine.

XNNPACK has kernels of its own for every core, with and without dot products. Integers are the same in any order of
summation, floats are not.
"""

import subprocess
import sys

import numpy as np
import pytest

import emulator
import photos
from pnet_tf import resize
from pnet_tf.runtime.network import TFLiteNetwork

ASSETS = emulator.ROOT / "pnet_tf/assets"
FILES = sorted(one.stem for one in ASSETS.glob("*.tflite"))
PICTURES = ("astronaut", "camera", "coffee")


@pytest.fixture(scope="module", params=FILES)
def asked(request, tmp_path_factory):
    """A shipped file, its inputs on disk, and this machine's answers."""
    model = ASSETS / f"{request.param}.tflite"
    network = TFLiteNetwork(model)
    fitted = [
        resize.fit_photo(photos.picture(name), network.height, network.width, "letterbox")[0][None] for name in PICTURES
    ]
    folder = tmp_path_factory.mktemp(request.param)
    np.save(folder / "given.npy", np.stack(fitted))
    program = [sys.executable, emulator.ANSWERS, model, folder / "given.npy", folder / "expected.npy"]
    subprocess.run(program, check=True)
    return model, folder / "given.npy", np.load(folder / "expected.npy")


@pytest.mark.parametrize("core", emulator.CORES)
def test_a_core_gives_this_machines_masks(asked, core, tmp_path):
    model, given, expected = asked
    counted = emulator.run(core, model, given, tmp_path / "answered.npy")
    answered = np.load(tmp_path / "answered.npy")
    assert np.ptp(expected) > 0.9 * (1 if expected.dtype == np.float32 else 255)  # pictures with somebody and without
    if expected.dtype == np.float32:
        np.testing.assert_allclose(answered, expected, rtol=0, atol=1e-6)
    else:
        np.testing.assert_array_equal(answered, expected)
    # The kernels meant for this core did run.
    assert (emulator.dot_products(counted) > 1e6) == (core == "cortex-a76" and model.stem.endswith("int8"))
