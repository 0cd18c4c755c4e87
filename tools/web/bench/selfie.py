"""Gives MediaPipe's selfie model the metadata that tasks-vision wants: pixels / 255, no activation left to do.

python selfie.py selfie_segmentation.tflite out.tflite
"""

import pathlib
import sys
from unittest import mock

from pnet_tf.export import metadata, package


def main(source: str, output: str) -> None:
    """Writes the file with the metadata behind it."""
    floats = metadata._floats
    # Our own metadata, but for the normalisation: (pixel - 0) / 255.
    with mock.patch.object(metadata, "_floats", lambda *values: floats(*(255 if one == 1 else one for one in values))):
        described = metadata._input()
    with mock.patch.object(metadata, "_input", lambda: described):
        content = metadata.metadata(metadata.About(name="selfie"))
    model = package.schema.ModelT.InitFromObj(package.schema.Model.GetRootAs(pathlib.Path(source).read_bytes(), 0))
    model.metadata = list(model.metadata or [])
    package._add_metadata(model, content)
    builder = package._AligningBuilder(1 << 20)
    builder.Finish(model.Pack(builder), package.IDENTIFIER)
    labels = "\n".join(metadata.LABELS)
    pathlib.Path(output).write_bytes(package._append_file(bytes(builder.Output()), metadata.LABELS_FILE, labels))


if __name__ == "__main__":
    main(*sys.argv[1:])
