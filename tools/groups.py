"""Who is in EG1800's validation photos: the card's groups, with thirds by skin tone added to those made by eye.

python tools/groups.py --records='records/eg1800/val-*' --multiclass=selfie_multiclass_256x256.tflite:-1..1

The skin tone is the individual typology angle, arctan((L* − 50) / b*) in CIELAB, of the medians over the pixels that
Google's multiclass model takes for facial skin. It depends on the light, too. Black-and-white photos have none.
"""

import json
import shlex
import sys

import cv2
import numpy as np
from absl import flags

from pnet_tf.benchmark import origin
from pnet_tf.data import records
from pnet_tf.runtime import peer
from pnet_tf_tools import cli, tables

FLAGS = cli.new_flags()
flags.DEFINE_string("records", None, "The validation photos, a glob pattern.", required=True, flag_values=FLAGS)
flags.DEFINE_string("multiclass", None, "The multiclass model and its range.", required=True, flag_values=FLAGS)

FACE_SKIN = 3
BY_EYE, WITHOUT_COLOUR = "by_eye", "black and white"


def typology_angle(rgb: np.ndarray, skin: np.ndarray) -> float:
    """Degrees, of (h, w, 3) uint8 RGB where (h, w) bool is skin; large is light."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[skin]
    lightness, _, yellow = np.median(lab, axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, yellow)))


def groups() -> None:
    """Rewrites groups.json."""
    by_eye = tables.read("groups")[BY_EYE]
    network = peer.PeerNetwork(FLAGS.multiclass, 2)
    angles = {}
    for name, rgb, _ in records.samples(records.find(FLAGS.records)):
        classes = network.raw(rgb).argmax(-1)
        skin = (
            cv2.resize((classes == FACE_SKIN).astype(np.uint8), rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
        )
        if name not in by_eye[WITHOUT_COLOUR] and skin.any():
            angles[name] = typology_angle(rgb, skin)
    ordered = sorted(angles, key=angles.__getitem__)
    thirds = [list(part) for part in np.array_split(ordered, 3)]
    low, high = angles[thirds[1][0]], angles[thirds[2][0]]
    words = (f"skin tone: darkest third (ITA below {low:.0f}°)", "skin tone: middle third",
             f"skin tone: lightest third (from {high:.0f}°)")  # fmt: skip
    found = {**by_eye, **dict(zip(words, thirds, strict=True))}
    command = shlex.join(["python", "tools/groups.py", *cli.given(FLAGS)])
    cli.write_json(str(tables.RESULTS / "groups.json"), {**origin.about(command), BY_EYE: by_eye, "groups": found})
    print(json.dumps({name: len(ids) for name, ids in found.items()}))


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(groups, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
