"""pnet-segment: cuts the person out of a photo, or out of every photo of a folder.

pnet-segment --input=me.jpg                                        me-cutout.png, transparent
pnet-segment --input=me.jpg --output=call.jpg --background=blur
pnet-segment --input=photos --output=out --background=beach.jpg
pnet-segment --input=me.jpg --output=mask.png --background=mask    the foreground probability, grey
"""

import collections
import pathlib
import re
import sys

from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_string("input", None, "A photo, or a folder of photos.", required=True, flag_values=FLAGS)
flags.DEFINE_string("output", None, "A picture, or a folder for a folder.", flag_values=FLAGS)
flags.DEFINE_string(
    "background", "transparent", "transparent, blur, a colour such as #00ff00, a picture, or mask.", flag_values=FLAGS
)
flags.DEFINE_string("model", "portraitnet", "A .tflite file, or a shipped model's name.", flag_values=FLAGS)
flags.DEFINE_enum(
    "resize", "letterbox", ["letterbox", "stretch"], "How a photo meets the network's size.", flag_values=FLAGS
)
flags.DEFINE_integer("threads", 2, "Threads of the network.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces pictures that are already there.", flag_values=FLAGS)

COLOUR = re.compile("#[0-9a-fA-F]{6}")


def _backdrop():
    """A function (photo, probability) → finished picture, as --background says."""
    import numpy as np

    from pnet_tf.cutout import compose
    from pnet_tf.pictures import reader

    kind = FLAGS.background
    if kind == "transparent":
        return compose.cut_out
    if kind == "blur":
        return lambda rgb, probability: compose.over(rgb, probability, compose.blurred(rgb, probability))
    if kind == "mask":
        return lambda rgb, probability: np.rint(probability * 255).astype(np.uint8)
    if COLOUR.fullmatch(kind):
        colour = np.array([int(kind[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        return lambda rgb, probability: compose.over(rgb, probability, colour)
    if not pathlib.Path(kind).is_file():
        raise InputError(f"--background={kind}: neither transparent, blur, mask, a colour #rrggbb, nor a picture file")
    picture = reader.read(kind).rgb
    return lambda rgb, probability: compose.over(rgb, probability, compose.filled(picture, *rgb.shape[:2]))


def _jobs() -> list[tuple[pathlib.Path, pathlib.Path]]:
    from pnet_tf.pictures import header

    source = pathlib.Path(FLAGS.input)
    suffix = ".png" if FLAGS.background in ("transparent", "mask") else ".jpg"
    if source.is_dir():
        if not FLAGS.output:
            raise InputError("--output: name a folder for the pictures")
        photos = sorted(one for one in source.iterdir() if one.suffix.lower() in header.SUFFIXES)
        if not photos:
            raise InputError(f"{source}: holds no photo ({', '.join(header.SUFFIXES)})")
        jobs = [(one, pathlib.Path(FLAGS.output) / (one.stem + suffix)) for one in photos]
        for name, count in collections.Counter(output.name for _, output in jobs).items():
            if count > 1:
                raise InputError(f"{source}: {count} photos would all become {name}; rename them apart")
    else:
        jobs = [(source, pathlib.Path(FLAGS.output or source.with_name(f"{source.stem}-cutout{suffix}")))]
    for _, output in jobs:
        cli.refuse_existing(output, FLAGS.overwrite)
    return jobs


def segment() -> None:
    """Segments what the flags name."""
    from pnet_tf.pictures import reader, writer
    from pnet_tf.runtime import shipped
    from pnet_tf.runtime.network import TFLiteNetwork
    from pnet_tf.runtime.segmenter import Segmenter

    jobs, finish = _jobs(), _backdrop()
    segmenter = Segmenter(TFLiteNetwork(shipped.find(FLAGS.model), FLAGS.threads), FLAGS.resize)
    with cli.progress("segmenting", "photo") as update:
        for done, (photo, output) in enumerate(jobs, 1):
            rgb = reader.read(photo).rgb
            writer.write(output, finish(rgb, segmenter(rgb)))
            update(done, len(jobs))
    print(jobs[0][1] if len(jobs) == 1 else f"{len(jobs)} pictures in {FLAGS.output}")


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(segment, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
