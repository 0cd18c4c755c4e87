"""Prints metadata as JSON: what MediaPipe's own writer would give the file, and what it finds in ours.

Runs in an environment with MediaPipe 0.10.21, the last whose wheels hold the writer's compiled half.
"""

import json
import pathlib
import sys

from mediapipe.tasks.python.metadata import metadata
from mediapipe.tasks.python.metadata.metadata_writers import image_segmenter, metadata_writer

content = bytearray(pathlib.Path(sys.argv[1]).read_bytes())
ours = image_segmenter.convert_to_json(metadata.get_metadata_buffer(content))

# The writer refuses labels where there are some already, so it gets the model without its archive.
labels = metadata_writer.Labels().add(["person"])
bare = content[: content.rindex(b"PK\x03\x04")]
writer = image_segmenter.MetadataWriter.create(bare, [0.0], [1.0], labels, image_segmenter.Activation.NONE)
_, theirs = writer.populate()
print(json.dumps({"ours": json.loads(ours), "theirs": json.loads(theirs)}))
