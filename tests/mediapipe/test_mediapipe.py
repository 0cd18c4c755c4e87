"""Exported files in MediaPipe; `make test-mediapipe` prepares the files and runs this in MediaPipe's environment."""

import ctypes
import json
import os
import pathlib
import subprocess
import sys
import zipfile

import mediapipe
import numpy as np
import pytest
from mediapipe.tasks.metadata import image_segmenter_metadata_schema_py_generated as segmenter_schema
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
from mediapipe.tasks.metadata import schema_py_generated as model_schema
from mediapipe.tasks.python import BaseOptions, vision

FOLDER = pathlib.Path(os.environ["PNET_MEDIAPIPE_FILES"])
WRITER = pathlib.Path(os.environ["PNET_MEDIAPIPE_WRITER"])
NAMES = ("uint8", "float32", "landscape", "shipped")


@pytest.fixture(scope="module", autouse=True)
def opengl():
    """MediaPipe's library links these two, with or without a GPU, and its wheel leaves them out."""
    try:
        for library in ("libEGL.so.1", "libGLESv2.so.2") if sys.platform == "linux" else ():
            ctypes.CDLL(library)
    except OSError as error:
        pytest.exit(f"{error}; MediaPipe needs it: apt-get install libegl1 libgles2", returncode=1)


def segmented(name: str, mode: vision.RunningMode, frames: np.ndarray) -> list:
    """What ImageSegmenter returns for every frame: (foreground confidence, category), (h, w) each."""
    options = vision.ImageSegmenterOptions(
        base_options=BaseOptions(model_asset_path=str(FOLDER / f"{name}.tflite")),
        running_mode=mode,
        output_confidence_masks=True,
        output_category_mask=True,
    )
    results = []
    with vision.ImageSegmenter.create_from_options(options) as segmenter:
        for index, frame in enumerate(frames):
            image = mediapipe.Image(mediapipe.ImageFormat.SRGB, frame)
            if mode == vision.RunningMode.VIDEO:
                result = segmenter.segment_for_video(image, 33 * index)
            else:
                result = segmenter.segment(image)
            (confidence,) = result.confidence_masks
            masks = (confidence, result.category_mask)
            results.append([mask.numpy_view().reshape(frame.shape[:2]).copy() for mask in masks])
    return results


@pytest.mark.parametrize("mode", [vision.RunningMode.IMAGE, vision.RunningMode.VIDEO], ids=lambda mode: mode.name)
@pytest.mark.parametrize("name", NAMES)
def test_image_segmenter_returns_our_mask(name, mode):
    expected = np.load(FOLDER / f"{name}.npz")
    foreground = expected["foreground"]
    assert 0.1 < (foreground[0] > 0.5).mean() < 0.9, "the first frame shows a person"
    confidence, category = np.stack(segmented(name, mode, expected["frames"]), axis=1)
    assert np.abs(confidence - foreground).max() < 0.01
    assert ((confidence > 0.5) == (foreground > 0.5)).mean(axis=(1, 2)).min() > 0.995
    # Category 0 is the only label, "person"; where it is not confident, MediaPipe says 255.
    assert ((category == 0) == (foreground > 0.5)).mean(axis=(1, 2)).min() > 0.995


@pytest.mark.parametrize("name", NAMES)
def test_newest_schema_reads_our_metadata(name):
    """With the Python that MediaPipe generates from its schema files."""
    content = (FOLDER / f"{name}.tflite").read_bytes()
    model = model_schema.ModelT.InitFromObj(model_schema.Model.GetRootAs(content, 0))
    entries = {entry.name: bytes(model.buffers[entry.buffer].data) for entry in model.metadata}
    packed = entries[b"TFLITE_METADATA"]
    assert metadata_schema.ModelMetadata.ModelMetadataBufferHasIdentifier(packed, 0)
    found = metadata_schema.ModelMetadataT.InitFromObj(metadata_schema.ModelMetadata.GetRootAs(packed, 0))
    assert found.name == b"PortraitNet" and found.author and found.license and found.version and found.description
    (subgraph,) = found.subgraphMetadata
    (image,), (mask,) = subgraph.inputTensorMetadata, subgraph.outputTensorMetadata
    assert (list(image.processUnits[0].options.mean), list(image.processUnits[0].options.std)) == ([0], [1])
    assert image.content.contentProperties.colorSpace == metadata_schema.ColorSpaceType.RGB
    assert (list(image.stats.min), list(image.stats.max)) == ([0], [255])
    assert (list(mask.stats.min), list(mask.stats.max)) == ([0], [1])
    (labels,) = mask.associatedFiles
    assert zipfile.ZipFile(FOLDER / f"{name}.tflite").read(labels.name.decode()) == b"person"
    (custom,) = subgraph.customMetadata
    options = segmenter_schema.ImageSegmenterOptions.GetRootAs(bytes(custom.data), 0)
    assert custom.name == b"SEGMENTER_METADATA" and options.Activation() == segmenter_schema.Activation.NONE


def without(tree, keys: set[str]):
    """The tree less all entries of these names."""
    if isinstance(tree, list):
        return [without(one, keys) for one in tree]
    if isinstance(tree, dict):
        return {key: without(value, keys) for key, value in tree.items() if key not in keys}
    return tree


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="MediaPipe 0.10.21 has no wheel for Python 3.13")
@pytest.mark.parametrize("name", NAMES)
def test_same_fields_as_mediapipes_own_writer(name):
    script = pathlib.Path(__file__).with_name("writer.py")
    done = subprocess.run([WRITER, script, FOLDER / f"{name}.tflite"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    ours, theirs = found["ours"], found["theirs"]
    (mask,) = theirs["subgraph_metadata"][0]["output_tensor_metadata"]
    mask["stats"] = {"max": [1.0], "min": [0.0]}  # the writer leaves a mask's range open
    (labels,) = ours["subgraph_metadata"][0]["output_tensor_metadata"][0]["associated_files"]
    (custom,) = ours["subgraph_metadata"][0]["custom_metadata"]
    assert (labels["name"], custom["name"]) == ("labels.txt", "SEGMENTER_METADATA")
    wording = {"name", "description"}
    assert without(ours, wording | {"author", "license", "version"}) == without(theirs, wording)
