"""Damaged and odd files through every reader: a right answer, or one line and exit status 1 (see runner.run)."""

import contextlib
import importlib
import pathlib
import shutil
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import runner
from cases import cases, counted
from damage import ODD_WORDS, damaged, odd_json


@contextlib.contextmanager
def folder(name: str):
    """An empty folder for one case of a kind."""
    counted[name] += 1
    with tempfile.TemporaryDirectory() as made:
        (pathlib.Path(made) / "case").mkdir()
        yield pathlib.Path(made) / "case"


def cut_out(here: pathlib.Path, *arguments: str) -> None:
    """pnet-segment, whose picture can be opened afterwards."""
    status, _ = runner.run("segment", ["--output=out.png", *arguments], here)
    if status == 0:
        with Image.open(here / "out.png") as picture:
            picture.load()


@given(st.data())
@cases(500)
def test_photos(sound, data):
    photo = data.draw(st.sampled_from(sorted((sound / "photos").iterdir())))
    with folder("photos to cut out") as here:
        (here / photo.name).write_bytes(data.draw(damaged(photo.read_bytes())))
        cut_out(here, f"--input={photo.name}")


@given(st.data())
@cases(150)
def test_backgrounds(sound, data):
    photo = data.draw(st.sampled_from(sorted((sound / "photos").iterdir())))
    with folder("backgrounds") as here:
        (here / photo.name).write_bytes(data.draw(damaged(photo.read_bytes())))
        cut_out(here, f"--input={sound}/photos/jpg.jpg", f"--background={photo.name}")


@given(st.data())
@cases(150)
def test_clips(sound, data):
    with folder("clips") as here:
        (here / "in.mp4").write_bytes(data.draw(damaged((sound / "clip.mp4").read_bytes())))
        runner.run("segment", ["--input=in.mp4", "--output=out.mp4", "--background=blur"], here)


@given(st.data())
@cases(200)
def test_deployed_models(sound, data):
    with folder(".tflite files") as here:
        (here / "m.tflite").write_bytes(data.draw(damaged((sound / "lite.tflite").read_bytes())))
        cut_out(here, f"--input={sound}/photos/jpg.jpg", "--model=m.tflite")


@given(st.data())
@cases(300)
def test_data_sets(sound, data):
    """A photo or a mask of a set of three."""
    masks = data.draw(st.booleans())
    content = data.draw(st.sampled_from(sorted((sound / ("masks" if masks else "photos")).iterdir())))
    with folder("photos and masks to convert") as here:
        for kind in ("Images", "Labels"):
            shutil.copytree(sound / "set" / kind, here / kind)
        place = here / ("Labels/p001.png" if masks else "Images/p001.jpg")
        place.unlink()
        place.with_suffix(content.suffix).write_bytes(data.draw(damaged(content.read_bytes())))
        runner.run("convert", ["--input_dir=.", "--output_dir=out", "--split=all"], here)


def text(data, path: pathlib.Path) -> bytes:
    """JSON that is damaged, or has odd values."""
    if data.draw(st.booleans()):
        return data.draw(odd_json(path.read_text())).encode("utf-8", "surrogatepass")
    return data.draw(damaged(path.read_bytes()))


@given(st.data())
@cases(250)
def test_coco(sound, data):
    with folder("COCO files") as here:
        shutil.copy(sound / "coco/a.jpg", here)
        (here / "coco.json").write_bytes(text(data, sound / "coco/coco.json"))
        source = data.draw(st.sampled_from(("coco", "coco_negatives")))
        flags = [f"--source={source}", "--input_dir=.", "--coco_json=coco.json", "--output_dir=out", "--split=all"]
        runner.run("convert", flags, here)


@given(st.data())
@cases(250)
def test_supervisely(sound, data):
    with folder("Supervisely files") as here:
        shutil.copytree(sound / "supervisely", here / "set")
        (here / "set/ann/a.png.json").write_bytes(text(data, sound / "supervisely/ann/a.png.json"))
        flags = ["--source=supervisely", "--input_dir=set", "--output_dir=out", "--split=all"]
        runner.run("convert", flags, here)


@given(st.data())
@cases(60)
def test_lists(sound, data):
    with folder("lists of photos") as here:
        shutil.copytree(sound / "set", here / "set")
        (here / "list.txt").write_bytes(data.draw(damaged((sound / "set/list.txt").read_bytes())))
        flag = data.draw(st.sampled_from(("split_file", "leave_out")))
        runner.run("convert", ["--input_dir=set", "--output_dir=out", f"--{flag}=list.txt", "--split=all"], here)


@given(st.data())
@cases(120)
def test_teachers(sound, data):
    name = data.draw(st.sampled_from(("peer.tflite", "peer.onnx")))
    with folder("teachers") as here:
        (here / name).write_bytes(data.draw(damaged((sound / name).read_bytes())))
        flags = [f"--input_dir={sound}/set", "--output_dir=out", f"--teacher={name}:0..1", "--split=all"]
        runner.run("convert", flags, here)


def damaged_one(data, source: pathlib.Path, here: pathlib.Path) -> None:
    """Copies a folder and damages one file of the copy."""
    shutil.copytree(source, here)
    path = data.draw(st.sampled_from(sorted(one for one in here.rglob("*") if one.is_file())))
    path.write_bytes(text(data, path) if path.suffix == ".json" else data.draw(damaged(path.read_bytes())))


@given(st.data())
@cases(300)
def test_records(sound, data):
    with folder("records") as here:
        damaged_one(data, sound / "records", here / "records")
        tool = data.draw(st.sampled_from(("check", "check", "check", "evaluate", "show_views")))
        flags = {
            "check": ["--records=records/train-*", "--json=out.json"],
            "evaluate": ["--records=records/val-*", f"--model={sound}/lite.tflite", "--json=out.json"],
            "show_views": ["--records=records/train-*", "--output=out.png", "--count=1"],
        }
        runner.run(tool, flags[tool], here)


@given(st.data())
@cases(60)
def test_model_directories(sound, data):
    with folder("model directories") as here:
        damaged_one(data, sound / "tiny", here / "tiny")
        tool = data.draw(st.sampled_from(("average", "average", "train")))
        flags = {
            "average": ["--model_dir=tiny", f"--model_dir={sound}/tiny", "--output=out"],
            "train": [f"--records={sound}/records/train-*", "--model_dir=tiny", "--summary"],
        }
        runner.run(tool, flags[tool], here)


FLAGS = {
    "segment": ["--input={sound}/photos/jpg.jpg", "--output=out.png"],
    "convert": ["--input_dir={sound}/set", "--output_dir=out", "--split=all"],
    "check": ["--records={sound}/records/train-*"],
    "evaluate": ["--records={sound}/records/val-*", "--model={sound}/lite.tflite"],
    "train": ["--summary"],
    "average": ["--model_dir={sound}/tiny", "--output=out"],
    "show_views": ["--records={sound}/records/train-*", "--output=out.png", "--count=1"],
}


@given(st.data())
@cases(400)
def test_flags(sound, data):
    tool = data.draw(st.sampled_from(sorted(FLAGS)))
    values = importlib.import_module(f"pnet_tf_tools.{tool}").FLAGS
    names = sorted(set(values) - {"h", "help", "list_cameras", "tensorboard", "benchmark"})
    odd = [f"--{data.draw(st.sampled_from(names))}={data.draw(st.sampled_from(ODD_WORDS))}"]
    with folder("flags") as here:
        status, _ = runner.run(tool, [*(one.format(sound=sound) for one in FLAGS[tool]), *odd], here)
        assert status in (0, 1)


if __name__ == "__main__":
    pytest.main([__file__])
