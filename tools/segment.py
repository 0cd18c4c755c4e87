"""pnet-segment: cuts the person out of photos, or changes what is behind.

pnet-segment me.jpg                                        me-cutout.png, transparent
pnet-segment me.jpg --output=call.jpg --background=blur
pnet-segment photos --output=out --background=beach.jpg    a folder, with --recursive what is in its folders, too
pnet-segment me.jpg --output=mask.png --background=mask    the opacity, grey
cat me.jpg | pnet-segment - --output=- > me.png
"""

import pathlib
import re
import sys
from collections.abc import Callable

from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli, jobs

FLAGS = cli.new_flags()
flags.DEFINE_multi_string(
    "input", [], "A photo, a folder of photos, or - for standard input; repeatable, --input= may be left out.",
    flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_string("output", None, "A picture, a folder, or - for standard output.", flag_values=FLAGS)
flags.DEFINE_string(
    "background", "transparent", "transparent, blur, a colour such as #00ff00, a picture, or mask.", flag_values=FLAGS
)
flags.DEFINE_string("model", "portraitnet", "A .tflite file, or a shipped model's name.", flag_values=FLAGS)
flags.DEFINE_enum("refine", "on", ["on", "off"], "The edge follows the photo at its own size.", flag_values=FLAGS)
flags.DEFINE_enum("colours", "on", ["on", "off"], "The person's own colours at the edge.", flag_values=FLAGS)
flags.DEFINE_enum("keep", "all", ["all", "largest"], "Everybody, or the largest person alone.", flag_values=FLAGS)
flags.DEFINE_enum(
    "resize", "letterbox", ["letterbox", "stretch"], "How a photo meets the network's size.", flag_values=FLAGS
)
flags.DEFINE_integer("threads", 2, "Threads of the network.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_boolean("recursive", False, "Looks into the folders of a folder, too.", flag_values=FLAGS)
flags.DEFINE_boolean("skip_existing", False, "Leaves pictures that are already there.", flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces pictures that are already there.", flag_values=FLAGS)

COLOUR = re.compile("#[0-9a-fA-F]{6}")


def _finish() -> Callable:
    """A function (`cutout.matte.Matte`) → finished picture, as --background says."""
    import numpy as np

    from pnet_tf.cutout import compose
    from pnet_tf.pictures import reader

    kind = FLAGS.background
    if kind == "transparent":
        return compose.cut_out
    if kind == "blur":
        return compose.blurred
    if kind == "mask":
        return lambda matte: matte.opacity
    if COLOUR.fullmatch(kind):
        colour = np.array([int(kind[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        return lambda matte: compose.over(matte, colour)
    if not pathlib.Path(kind).is_file():
        raise InputError(f"--background={kind}: neither transparent, blur, mask, a colour #rrggbb, nor a picture file")
    picture = reader.read(kind).rgb
    return lambda matte: compose.over(matte, picture)


def _planned() -> list[jobs.Job]:
    if not FLAGS.input:
        raise InputError("name a photo or a folder: pnet-segment me.jpg; see --help")
    if FLAGS.overwrite and FLAGS.skip_existing:
        raise InputError("--overwrite and --skip_existing: pictures that are there are replaced or left; give one")
    suffix = ".png" if FLAGS.background in ("transparent", "mask") else ".jpg"
    planned = jobs.plan(FLAGS.input, FLAGS.output, suffix, FLAGS.recursive)
    if FLAGS.skip_existing:
        return [job for job in planned if job.output == jobs.PIPE or not pathlib.Path(job.output).exists()]
    for job in planned:
        if job.output != jobs.PIPE:
            cli.refuse_existing(job.output, FLAGS.overwrite)
    return planned


def _do(job: jobs.Job, segmenter, finish: Callable) -> None:
    from pnet_tf.pictures import reader, writer

    pipe = job.source == jobs.PIPE
    photo = reader.from_bytes(sys.stdin.buffer.read(), "standard input") if pipe else reader.read(job.source)
    picture = finish(segmenter.matte(photo.rgb, photo.opacity))
    if job.output == jobs.PIPE:
        suffix = ".jpg" if picture.ndim == 3 and picture.shape[2] == 3 else ".png"
        sys.stdout.buffer.write(writer.encoded(picture, suffix, photo))
    else:
        writer.write(job.output, picture, photo)


def segment() -> None:
    """Segments what the flags name; a photo that cannot be read does not keep the others back."""
    from pnet_tf.runtime import shipped
    from pnet_tf.runtime.network import TFLiteNetwork
    from pnet_tf.runtime.segmenter import Look, Segmenter

    planned, finish = _planned(), _finish()
    look = Look(refine=FLAGS.refine == "on", colours=FLAGS.colours == "on", keep=FLAGS.keep)
    segmenter = Segmenter(TFLiteNetwork(shipped.find(FLAGS.model), FLAGS.threads), FLAGS.resize, look)
    failures: list[str] = []
    told = sys.stderr if any(job.output == jobs.PIPE for job in planned) else sys.stdout
    with cli.progress("segmenting", "photo", told) as update:
        for done, job in enumerate(planned, 1):
            try:
                _do(job, segmenter, finish)
            except InputError as error:
                if len(planned) == 1:
                    raise
                failures.append(str(error))
            update(done, len(planned))
    made = [job.output for job in planned]
    if told is sys.stdout:
        print(
            made[0] if len(made) == 1 else f"{len(made) - len(failures)} pictures in {FLAGS.output or 'their places'}"
        )
    if failures:
        for line in failures:
            print(f"error: {line}", file=sys.stderr)
        print(f"error: {len(failures)} of {len(planned)} photos could not be done; the others are", file=sys.stderr)
        raise cli.Unfinished


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(segment, FLAGS, __doc__, argv, positional="input")


if __name__ == "__main__":
    sys.exit(main())
