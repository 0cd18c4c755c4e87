"""pnet-check: what is odd about records, before anything is trained on them.

  pnet-check --records='records/train-*,records/val-*'
  pnet-check --records='train=eg/train-*,val=eg/val-*,other=lmi/train-*' --sheet=odd.png --odd=odd.txt

Sets may have names, as for pnet-train --val_records. Told are people's share, sizes, masks that look empty, inverted or
shifted, photos that show nothing, and photos that are there twice, also scaled or compressed anew, within a set or in
two. Nothing of it is certain: look at the sheet. pnet-convert --leave_out=odd.txt leaves out what the list names.
"""

import sys

import cv2
import numpy as np
from absl import flags

from pnet_tf import fields, files
from pnet_tf_tools import cli, oddities

FLAGS = cli.new_flags()
flags.DEFINE_string(
    "records", None, "Records, a glob pattern; several with commas between, each with a name in front or none.",
    required=True, flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_string("sheet", None, "Draws the odd ones to this picture.", flag_values=FLAGS)
flags.DEFINE_integer("sheet_count", 24, "How many at most.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_string("odd", None, "Writes the ids of the odd ones to this .txt, one a line.", flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes everything to this file, too.", flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces a list or picture that is already there.", flag_values=FLAGS)

SHOWN_HEIGHT = 160
"""Of a picture in the sheet, pixels."""


def _check_flags() -> None:
    from pnet_tf.pictures import writer

    cli.require_suffix(FLAGS.json, ".json")
    cli.require_suffix(FLAGS.odd, ".txt")
    if FLAGS.sheet:
        writer.require_suffix(FLAGS.sheet)
    cli.refuse_existing_named(FLAGS, "odd", "sheet")


def _row(rgb: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    from pnet_tf import worst

    size = max(1, round(rgb.shape[1] * SHOWN_HEIGHT / rgb.shape[0])), SHOWN_HEIGHT
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize((labels == fields.FOREGROUND).astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    return [small, worst.on_backdrop(small, mask > 0)]


def _looked(sets: dict[str, list[str]]) -> tuple[list, dict[tuple[str, str], list[np.ndarray]]]:
    """Every record looked at, and small pictures of the first odd ones."""
    from pnet_tf.data import inspection, records

    total, looked, pictures = sum(records.count(paths) for paths in sets.values()), [], {}
    with cli.progress("looking", "photo") as update:
        for name, paths in sets.items():
            for record, rgb, labels in records.samples(paths):
                one = inspection.look(record, rgb, labels, name)
                looked.append(one)
                if one.findings and FLAGS.sheet and len(pictures) < FLAGS.sheet_count:
                    pictures[name, record] = _row(rgb, labels)
                update(len(looked), total)
    return looked, pictures


def check() -> None:
    """Looks at what the flags name."""
    _check_flags()
    from pnet_tf import grid
    from pnet_tf.data import inspection, mixture
    from pnet_tf.pictures import writer

    cli.one_opencv_thread()
    sets = mixture.validation_sets(FLAGS.records)
    looked, pictures = _looked(sets)
    pairs = inspection.twice(looked)
    for name in sets:
        oddities.tell(name, [one for one in looked if one.group == name])
    oddities.tell_pairs(pairs)
    odd = list(dict.fromkeys([one.id for one in looked if one.findings] + [second.id for _, second in pairs]))
    print(f"{len(odd)} of {len(looked)} photos look odd" if odd else "nothing looks odd")
    if FLAGS.odd:
        files.write_text(FLAGS.odd, "".join(f"{name}\n" for name in odd))
    if FLAGS.sheet and pictures:
        captions = {(one.group, one.id): f"{one.id}   {', '.join(one.findings)}" for one in looked if one.findings}
        words = [captions[key].replace("×", "x") for key in pictures]
        headings = [[("photo", grid.BLACK)], [("mask", grid.BLACK)]]
        writer.write(FLAGS.sheet, grid.draw(headings, list(pictures.values()), words))
    if FLAGS.json:
        photos = [
            {"id": one.id, "set": one.group, "height": one.height, "width": one.width, "share": one.share,
             "findings": list(one.findings)}
            for one in looked
        ]  # fmt: skip
        told = [{"ids": [a.id, b.id], "sets": [a.group, b.group]} for a, b in pairs]
        cli.write_json(FLAGS.json, {"photos": photos, "twice": told})


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(check, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
