"""The command lines: help, flags, models by name, interrupts and readers that leave."""

import concurrent.futures
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

import pnet_tf
from command_line import fails, run
from pnet_tf import presets, store
from pnet_tf.pictures import reader
from pnet_tf.quiet import silent_stderr
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf_tools import cli, runs, scoring

TOOLS = (
    "convert",
    "show_views",
    "train",
    "average",
    "evaluate",
    "ablate",
    "export",
    "segment",
    "benchmark",
    "benchmark_android",
    "import_weights",
)


@pytest.mark.parametrize("tool", TOOLS)
def test_help(capsys, tool):
    assert run(tool, "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("pnet-") and "--" in shown


@pytest.mark.parametrize("tool", TOOLS)
def test_unknown_flags_and_stray_words(capsys, tool):
    assert "no_such" in fails(capsys, tool, "--no_such=1")


def test_help_is_quick_to_reach_and_silent_on_stderr():
    """In a process of its own, as a user has it; no TensorFlow is loaded for it."""
    script = (
        "import sys; from pnet_tf_tools import segment, train; segment.main(['--help']); train.main(['--help']);"
        "assert not {'tensorflow', 'cv2'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_files_run_from_a_checkout():
    done = subprocess.run([sys.executable, "tools/segment.py", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "pnet-segment" in done.stdout


def test_shipped_models_have_names(photo, tmp_path, monkeypatch):
    """The default by its name and by its file, and loaded without a command line: one and the same cut-out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portraitnet").mkdir()  # of somebody's training
    for arguments in ((), ("--model=portraitnet",), (f"--model={shipped.path()}",)):
        assert run("segment", f"--input={photo}", *arguments, "--overwrite") == 0
        cut_out = cv2.imread(str(tmp_path / "me-cutout.png"), cv2.IMREAD_UNCHANGED)
        for model in ("portraitnet", shipped.path()):
            assert np.array_equal(cut_out[..., 3], pnet_tf.load(model).matte(reader.read(photo).rgb).opacity)


def test_a_folder_of_a_shipped_models_name_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portraitnet").mkdir()
    assert isinstance(scoring.open_network("portraitnet", 1)[0], TFLiteNetwork)
    values = cli.new_flags()
    runs.define_init_weights(values)
    values(["", "--init_weights=portraitnet"])
    assert runs.init_source(values) == store.SHIPPED / "portraitnet"
    assert store.load("portraitnet-lite")[1] == store.read_config(store.SHIPPED / "portraitnet-lite")


def test_a_model_directory_is_scored_as_it_was_trained(tmp_path):
    experiment = presets.tiny().replace(resize="stretch")
    store.save(store.build(experiment), experiment, tmp_path / "model")
    assert scoring.open_network(f"{tmp_path}/model", 1)[1] == "stretch"


def test_stderr_is_back_after_threads_have_silenced_it():
    """Each would take another's silence for what is to be restored if they did not take turns."""
    before, interval = os.fstat(2), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def silence(_):
        for _ in range(2000):
            with silent_stderr():
                pass

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(silence, range(4)))
    sys.setswitchinterval(interval)
    assert os.path.samestat(os.fstat(2), before)


def test_interrupt_leaves_no_trace(monkeypatch, capsys, photo):
    from pnet_tf_tools import segment

    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(segment, "segment", interrupt)
    assert segment.main([f"--input={photo}"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_reader_that_has_seen_enough(tmp_path):
    """`pnet-train --help | head -1` ends quietly."""
    script = f"{sys.executable} -m pnet_tf_tools.train --help | head -1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.startswith("pnet-train")
