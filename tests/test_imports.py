"""What importing loads, prints and asks for: the package alone, and TensorFlow with Keras 2 and TFMOT."""

import importlib.metadata
import os
import subprocess
import sys

import pytest

from pnet_tf_tools import entry


def test_importing_the_package_is_quick_and_silent():
    script = "import sys, pnet_tf; assert not {'tensorflow', 'cv2', 'numpy', 'ai_edge_litert'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_tensorflow_is_silent_and_is_keras_2():
    script = "from pnet_tf.stack import keras, tf; assert tf.add(1, 1) == 2 and not hasattr(keras, 'ops')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(
    importlib.metadata.version("tensorflow") < "2.16", reason="TensorFlow before 2.16 has Keras 2 alone"
)
def test_keras_3_already_loaded_is_a_clear_error():
    script = "import tensorflow as tf; tf.keras.Model; import pnet_tf.stack"
    untouched = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=untouched)
    assert done.returncode == 1
    assert "InputError: Keras 3 is already loaded" in done.stderr.splitlines()[-1]


def test_a_tfmot_that_does_not_fit_is_named():
    """TFMOT 0.8 on TensorFlow 2.15 would mix two Keras packages."""
    script = (
        "import importlib.metadata as metadata, sys\n"
        "metadata.version = {'tensorflow': '2.15.1', 'tensorflow-model-optimization': '0.8.0'}.get\n"
        "from pnet_tf_tools import train\n"
        "sys.exit(train.main(['--records=x', '--val_records=x', '--model_dir=x', '--preset=tiny']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "needs tensorflow-model-optimization 0.7.5;" in done.stderr


def test_without_tensorflow_one_line_says_what_to_install():
    script = (
        "import importlib.metadata as metadata, sys\n"
        "def absent(name): raise metadata.PackageNotFoundError\n"
        "metadata.version = absent\n"
        "from pnet_tf_tools import train\n"
        "sys.exit(train.main(['--records=x', '--val_records=x', '--model_dir=x', '--preset=tiny']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "pip install '.[train]'" in done.stderr


def test_a_system_library_that_is_not_there_is_one_line(monkeypatch, capsys):
    """As in a slim container, where OpenCV finds no libGL; another import that fails is a fault of ours."""

    class Tool:
        def __init__(self, words):
            self.words = words

        def main(self):
            raise ImportError(self.words)

    missing = Tool("libGL.so.1: cannot open shared object file: No such file or directory")
    monkeypatch.setitem(sys.modules, "pnet_tf_tools.slim", missing)
    monkeypatch.setitem(sys.modules, "pnet_tf_tools.faulty", Tool("cannot import name 'x'"))
    assert entry.slim() == 1
    line = capsys.readouterr().err
    assert line.startswith("error: libGL.so.1") and line.count("\n") == 1 and "opencv-python-headless" in line
    with pytest.raises(ImportError):
        entry.faulty()
