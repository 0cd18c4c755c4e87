"""pnet-segment: cuts the person out of photos and clips, or changes what is behind; live, too.

pnet-segment me.jpg                                        me-cutout.png, transparent
pnet-segment me.jpg --output=call.jpg --background=blur
pnet-segment photos --output=out --background=beach.jpg    a folder, with --recursive what is in its folders, too
pnet-segment me.jpg --output=mask.png --background=mask    the opacity, grey
cat me.jpg | pnet-segment - --output=- > me.png
pnet-segment talk.mp4 --output=blurred.mp4                 a clip with its sound, --background=blur by default
pnet-segment talk.mp4 --output=cut.webm --background=transparent
pnet-segment talk.mp4 --output=frames/ --background=transparent
pnet-segment --input=camera:0 --output=window              a camera; --output=virtual-camera for video calls
"""

import pathlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli, jobs

FLAGS = cli.new_flags()
flags.DEFINE_multi_string(
    "input", [], "A photo, a clip, a folder of them, camera:0, or - for standard input; repeatable, --input= may be "
    "left out.", flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_string(
    "output", None, "A picture, a clip, a folder/, - for standard output (PNG where transparent or a mask, else JPEG); "
    "of a camera window, virtual-camera or a clip.", flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_string(
    "background", None, "transparent (photos' default), blur (clips'), a colour such as #00ff00, a picture, a clip "
    "that loops, or mask.", flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_string("model", "portraitnet", "A .tflite file, or a shipped model's name.", flag_values=FLAGS)
flags.DEFINE_enum("refine", "on", ["on", "off"], "The edge follows the photo at its own size.", flag_values=FLAGS)
flags.DEFINE_enum("colours", "on", ["on", "off"], "The person's own colours at the edge.", flag_values=FLAGS)
flags.DEFINE_enum("keep", "all", ["all", "largest"], "Everybody, or the largest person alone.", flag_values=FLAGS)
flags.DEFINE_enum(
    "steady", "light", ["off", "light", "strong"], "How much clips' masks are held still.", flag_values=FLAGS
)
flags.DEFINE_enum(
    "resize", "letterbox", ["letterbox", "stretch"], "How a photo meets the network's size.", flag_values=FLAGS
)
flags.DEFINE_integer(
    "threads", None, "Threads of the network; 2, of clips 1, whose stages share the cores.", 1, cli.MOST_THREADS,
    flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_boolean("recursive", False, "Looks into the folders of a folder, too.", flag_values=FLAGS)
flags.DEFINE_boolean("skip_existing", False, "Leaves pictures that are already there.", flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces pictures that are already there.", flag_values=FLAGS)
flags.DEFINE_boolean("mirror", False, "Mirrors a camera, as a looking-glass does.", flag_values=FLAGS)
flags.DEFINE_boolean("list_cameras", False, "Names the cameras and ends.", flag_values=FLAGS)

CAMERA = "camera:"


def _kind(usual: str) -> Any:
    """What --background says: a word, a colour (3,) or picture (h, w, 3) uint8, or the path of a clip."""
    from pnet_tf.runtime.backdrop import backdrop
    from pnet_tf.video import reader as clips

    kind = usual if FLAGS.background is None else FLAGS.background
    if kind in ("transparent", "blur", "mask"):
        return kind
    if kind.startswith("#") and not pathlib.Path(kind).exists():
        return backdrop(kind)
    if not pathlib.Path(kind).is_file():
        if pathlib.Path(kind).suffix:
            raise InputError(f"--background={kind}: no such file")
        raise InputError(
            f"--background={kind}: neither transparent, blur, mask, a colour #rrggbb, nor a picture's or clip's file"
        )
    return pathlib.Path(kind) if clips.is_clip(kind) else backdrop(kind)


def _finish(kind: Any) -> Callable:
    """A function (`cutout.matte.Matte`) → finished picture."""
    from pnet_tf.cutout import compose

    if isinstance(kind, pathlib.Path):
        raise InputError(f"--background={kind}: is a clip, which goes behind a clip; name a picture")
    if isinstance(kind, np.ndarray):
        return lambda matte: compose.over(matte, kind)
    return {"transparent": compose.cut_out, "blur": compose.blurred, "mask": lambda matte: matte.opacity}[kind]


def _segmenter(threads: int = 2):
    from pnet_tf.runtime import shipped
    from pnet_tf.runtime.network import TFLiteNetwork
    from pnet_tf.runtime.segmenter import Look, Segmenter

    look = Look(refine=FLAGS.refine == "on", colours=FLAGS.colours == "on", keep=FLAGS.keep)
    return Segmenter(TFLiteNetwork(shipped.find(FLAGS.model), FLAGS.threads or threads), FLAGS.resize, look)


def _planned() -> list[jobs.Job]:
    from pnet_tf_tools import clips

    if not FLAGS.input:
        raise InputError("name a photo, a clip or a folder: pnet-segment me.jpg; see --help")
    if FLAGS.overwrite and FLAGS.skip_existing:
        raise InputError("--overwrite and --skip_existing: pictures that are there are replaced or left; give one")
    _refuse_words_for_cameras()
    picture = ".png" if FLAGS.background in (None, "transparent", "mask") else ".jpg"
    planned = jobs.plan(
        FLAGS.input,
        FLAGS.output,
        jobs.Suffixes(picture, clips.suffix(FLAGS.background)),
        FLAGS.recursive,
        (FLAGS.background, FLAGS.model),
    )
    if FLAGS.skip_existing:
        return [job for job in planned if job.output == jobs.PIPE or not pathlib.Path(job.output).exists()]
    if sys.stdout.isatty() and any(job.output == jobs.PIPE for job in planned):
        raise InputError("--output=-: is the terminal; send it on with > me.png or |, or name a file")
    for job in planned:
        if job.is_clip:
            clips.refuse(job.output, FLAGS.background, FLAGS.overwrite)
        elif job.output != jobs.PIPE:
            cli.refuse_existing(job.output, FLAGS.overwrite)
    return planned


def _refuse_words_for_cameras() -> None:
    if FLAGS.output == "":
        raise InputError("--output=: is empty; name a picture, a clip or a folder")
    if FLAGS.output in ("window", "virtual-camera"):
        raise InputError(
            f"--output={FLAGS.output}: is for cameras; of {FLAGS.input[0]} name a picture, clip or folder/"
        )


def _do_photo(job: jobs.Job, segmenter, finish: Callable) -> None:
    from pnet_tf.pictures import reader, writer

    pipe = job.source == jobs.PIPE
    photo = reader.from_bytes(sys.stdin.buffer.read(), "standard input") if pipe else reader.read(job.source)
    picture = finish(segmenter.matte(photo.rgb, photo.opacity))
    if job.output == jobs.PIPE:
        suffix = ".jpg" if picture.ndim == 3 and picture.shape[2] == 3 else ".png"
        sys.stdout.buffer.write(writer.encoded(picture, suffix, photo))
    else:
        writer.write(job.output, picture, photo)


def _files() -> None:
    """Photos and clips; one that cannot be read does not keep the others back."""
    planned = _planned()
    if not planned:
        print("nothing to do: everything is there already")
        return
    segmenter = _segmenter(1 if all(job.is_clip for job in planned) else 2)
    finish = _finish(_kind("transparent")) if any(not job.is_clip for job in planned) else None
    failures: list[str] = []
    told = sys.stderr if any(job.output == jobs.PIPE for job in planned) else sys.stdout
    what = _what(planned)
    with cli.progress("segmenting", what, told) as update:
        for done, job in enumerate(planned, 1):
            try:
                if job.is_clip:
                    from pnet_tf_tools import clips

                    clips.do(job.source, job.output, segmenter, _kind(clips.DEFAULT_BACKGROUND), FLAGS.steady)
                else:
                    _do_photo(job, segmenter, finish)
            except InputError as error:
                if len(planned) == 1:
                    raise
                failures.append(str(error))
            update(done, len(planned))
    if told is sys.stdout:
        done = len(planned) - len(failures)
        place = FLAGS.output or "their places"
        print(planned[0].output if len(planned) == 1 else f"{done} {what}{'s' * (done != 1)} in {place}")
    if failures:
        for line in failures:
            print(f"error: {line}", file=sys.stderr)
        print(f"error: {len(failures)} of {len(planned)} {what}s could not be done; the others are", file=sys.stderr)
        raise cli.Unfinished


def _what(planned: list[jobs.Job]) -> str:
    kinds = {job.is_clip for job in planned}
    return "file" if len(kinds) == 2 else "clip" if kinds == {True} else "photo"


def segment() -> None:
    """Segments what the flags name."""
    if FLAGS.list_cameras or any(one.startswith(CAMERA) for one in FLAGS.input):
        from pnet_tf_tools import live

        if FLAGS.list_cameras:
            live.list_cameras()
            return
        if len(FLAGS.input) > 1:
            raise InputError(f"--input={FLAGS.input[0]}: a camera stands alone; give one --input")
        name = FLAGS.input[0].removeprefix(CAMERA)
        live.run(live.Settings(name, FLAGS.output, FLAGS.model, FLAGS.steady, FLAGS.mirror, FLAGS.overwrite),
                 _segmenter(), _kind("blur"))  # fmt: skip
        return
    if FLAGS.mirror:
        raise InputError("--mirror: is for cameras")
    _files()


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(segment, FLAGS, __doc__, argv, positional="input")


if __name__ == "__main__":
    sys.exit(main())
