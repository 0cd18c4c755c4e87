"""Sound files of every kind that commands read, made once."""

import json
import pathlib
import shutil

import numpy as np
import pillow_heif
import pytest
from PIL import Image

import annotations
import clip_files
import helpers
import tiny_peers
from cases import counted
from pnet_tf_tools import train


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> pathlib.Path:
    """A folder of photos/, masks/, clip.mp4, set/, supervisely/, coco/, records/, tiny/, *.tflite, *.onnx."""
    folder = tmp_path_factory.mktemp("sound")
    _pictures(folder)
    clip_files.write(folder / "clip.mp4", frames=4)
    helpers.write_folder(folder / "set", 3)
    (folder / "set/list.txt").write_text("p000\np001\np002\n")
    shape = annotations.bitmap(np.full((4, 4), 255, np.uint8), (2, 3))
    title = {"classTitle": "person", "geometryType": "bitmap", "bitmap": shape}
    outline = [[1, 1], [6, 1], [6, 8]]
    annotations.export(folder / "supervisely", [title, annotations.polygon(outline)])
    _coco(folder / "coco")
    helpers.write_records(folder, train=4, val=2)
    on = [f"--records={folder}/records/train-*", f"--val_records={folder}/records/val-*", f"--model_dir={folder}/tiny"]
    assert train.main([*on, "--preset=tiny", "--epochs=1"]) == 0
    assets = pathlib.Path(helpers.__file__).parents[1] / "pnet_tf/assets"
    shutil.copy(assets / "portraitnet-lite-int8.tflite", folder / "lite.tflite")
    _peers(folder)
    return folder


def _pictures(folder: pathlib.Path) -> None:
    pillow_heif.register_heif_opener()
    rgb, mask = helpers.portrait(0)
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    picture = Image.fromarray(rgb)
    exif = Image.Exif()
    exif[0x0112] = 6
    for ending in ("jpg", "png", "webp", "tiff", "gif", "bmp", "avif", "heic"):
        picture.save(folder / f"photos/{ending}.{ending}", **({"exif": exif} if ending in ("jpg", "webp") else {}))
    picture.convert("CMYK").save(folder / "photos/cmyk.jpg")
    Image.fromarray(rgb[..., 0].astype(np.uint16) * 257).save(folder / "photos/deep.png")
    Image.fromarray(np.dstack([rgb, mask * 255])).save(folder / "photos/cut.png")
    picture.save(folder / "photos/moving.gif", save_all=True, append_images=[picture.rotate(90)])
    Image.fromarray(mask).save(folder / "masks/index.png")
    Image.fromarray(mask * 255).save(folder / "masks/white.png")
    Image.fromarray(mask * 255).save(folder / "masks/white.jpg")
    palette = Image.fromarray(mask, mode="P")
    palette.putpalette([0, 0, 0, 128, 0, 0])
    palette.save(folder / "masks/palette.png")


def _coco(folder: pathlib.Path) -> None:
    helpers.write_photo(folder / "a.jpg", np.zeros((6, 8, 3), np.uint8))
    people = [
        {"image_id": 0, "category_id": 1, "segmentation": [[1, 1, 4, 1, 4, 4]], "bbox": [1, 1, 3, 3], "iscrowd": 0},
        {"image_id": 0, "category_id": 1, "segmentation": {"counts": [2, 3, 43], "size": [6, 8]}, "iscrowd": 1},
        {"image_id": 0, "category_id": 1, "segmentation": {"counts": "02", "size": [6, 8]}},
    ]
    images = [{"id": 0, "file_name": "a.jpg", "height": 6, "width": 8}]
    content = {"images": images, "categories": [{"id": 1, "name": "person"}], "annotations": people}
    (folder / "coco.json").write_text(json.dumps(content))


def _peers(folder: pathlib.Path) -> None:
    from onnx import TensorProto, helper, save

    from pnet_tf.stack import keras

    tiny_peers.write_network(folder / "peer.tflite", keras.layers.Conv2D(1, 1, activation="sigmoid"))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in
            (("photo", [1, 3, 8, 8]), ("mask", [1, 1, 8, 8]))]  # fmt: skip
    weights = helper.make_tensor("w", TensorProto.FLOAT, [1, 3, 1, 1], [1.0, 0.0, 0.0])
    graph = helper.make_graph(
        [helper.make_node("Conv", ["photo", "w"], ["mask"])], "peer", ends[:1], ends[1:], [weights]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    save(model, str(folder / "peer.onnx"))


def pytest_sessionfinish(session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["counted"] = dict(counted)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    counted.update(getattr(node, "workeroutput", {}).get("counted", {}))


def pytest_terminal_summary(terminalreporter) -> None:
    for name, number in sorted(counted.items()):
        terminalreporter.write_line(f"{number:6} cases of {name}")
    terminalreporter.write_line(f"{counted.total():6} in all")
