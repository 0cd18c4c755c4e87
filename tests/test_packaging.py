"""The wheel in an empty environment, as most people will meet it."""

import pathlib
import subprocess
import sys
import zipfile

import pytest

from helpers import portrait, write_photo

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> pathlib.Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", out, ROOT], check=True, capture_output=True
    )
    (built,) = out.glob("*.whl")
    return built


def test_wheel_holds_the_library_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pnet_tf", "tfrecords", "pnet_tf_tools"}
    assert not [name for name in names if "test" in name or "demo" in name or name.endswith((".jpg", ".png"))]
    assert "pnet_tf/assets/portraitnet-int8.tflite" in names


def test_the_runtime_alone_segments_a_photo(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    tools = tmp_path / "venv/bin"
    subprocess.run([tools / "pip", "install", "--quiet", wheel], check=True, capture_output=True)
    installed = subprocess.run([tools / "pip", "list"], capture_output=True, text=True, check=True).stdout.lower()
    assert "tensorflow" not in installed and "keras" not in installed

    write_photo(tmp_path / "me.jpg", portrait(0)[0])
    for arguments in (["--help"], [f"--input={tmp_path}/me.jpg", "--background=blur"]):
        done = subprocess.run([tools / "pnet-segment", *arguments], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "me-cutout.jpg").exists()
    done = subprocess.run(
        [tools / "pnet-export", f"--model_dir={tmp_path}", f"--output={tmp_path}/m.tflite"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: this command needs TensorFlow") and done.stderr.count("\n") == 1
    assert "pip install '.[train]'" in done.stderr
