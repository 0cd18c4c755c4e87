"""pnet-export: a model directory → a .tflite file.

  pnet-export --model_dir=model --mode=float32 --output=portraitnet-float32.tflite
  pnet-export --model_dir=model --mode=int8_ptq --calibration_records='records/train-*' --output=portraitnet-int8.tflite
  pnet-export --model_dir=model-qat --mode=int8_qat --output=portraitnet-int8.tflite
  pnet-export --model_dir=model-qat --mode=int8_qat --output=int8.tflite --val_records='records/val-*'
  pnet-export --model_dir=model --input_height=160 --input_width=288 --output=landscape.tflite

Labelled photos (--val_records) add scores to the report, --debug_layers what each layer loses to int8.
int8_qat takes a directory that `pnet-train --preset=qat` wrote; the other modes take a float one.
The file takes raw RGB 0..255 and returns the foreground probability (uint8: scale 1/256, zero point 0).
"""

import dataclasses
import pathlib
import sys

from absl import flags

from pnet_tf import config, files
from pnet_tf.errors import InputError
from pnet_tf.runtime.segmenter import Network
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_string(
    "model_dir", None, "What pnet-train wrote, or a shipped model's name.", required=True, flag_values=FLAGS
)
flags.DEFINE_enum("mode", "float32", config.EXPORT_MODES, "How numbers are stored and computed.", flag_values=FLAGS)
flags.DEFINE_enum(
    "io", None, config.IO_TYPES, "Type of both ends: uint8 for int8 modes by default, else float32.", flag_values=FLAGS
)
flags.DEFINE_string(
    "calibration_records",
    None,
    "Photos for int8_ptq's ranges, and for the report's comparison where no others are named; a glob pattern.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "val_records", None, "Labelled photos to score the file and the model on; a glob pattern.", flag_values=FLAGS
)
flags.DEFINE_string(
    "debug_layers", None, "Compares each layer of an int8 file with float; all go to this .csv.", flag_values=FLAGS
)
flags.DEFINE_integer("input_height", None, "Of the file, in pixels; as in training by default.", flag_values=FLAGS)
flags.DEFINE_integer("input_width", None, "The same across.", flag_values=FLAGS)
flags.DEFINE_string("author", None, "Whose model it is, for the file's metadata.", flag_values=FLAGS)
flags.DEFINE_string("licence", None, "Under which terms, for the file's metadata.", flag_values=FLAGS)
flags.DEFINE_string("output", None, "The .tflite file.", required=True, flag_values=FLAGS)
flags.DEFINE_string("report", None, "Writes the report as JSON to this file.", flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces a file that is already there.", flag_values=FLAGS)


def _check_flags() -> None:
    cli.refuse_existing(FLAGS.output, FLAGS.overwrite)
    if pathlib.Path(FLAGS.output).suffix != ".tflite":
        raise InputError(f"--output={FLAGS.output}: the file's name ends with .tflite")
    cli.require_suffix(FLAGS.report, ".json")
    cli.require_suffix(FLAGS.debug_layers, ".csv")
    if FLAGS.debug_layers:
        cli.refuse_existing(FLAGS.debug_layers, FLAGS.overwrite, "--debug_layers")
        if not FLAGS.mode.startswith("int8"):
            raise InputError(f"--debug_layers: a {FLAGS.mode} file computes in floats; use an int8 mode")
        if not (FLAGS.val_records or FLAGS.calibration_records):
            raise InputError("--debug_layers: needs photos; name records with --val_records or --calibration_records")


def _scores(content: bytes, model: Network, mode: str) -> dict[str, dict[str, dict[str, float]]]:
    """What the file and the model score on --val_records."""
    from pnet_tf import evaluation
    from pnet_tf.data import records
    from pnet_tf.runtime.network import TFLiteNetwork

    paths = records.find(FLAGS.val_records)
    networks = {"file": TFLiteNetwork(content), "model": model}
    return {name: evaluation.evaluate(network, records.samples(paths), mode) for name, network in networks.items()}


def export() -> None:
    """Runs the export that the flags describe."""
    _check_flags()
    from pnet_tf import store
    from pnet_tf.data import records
    from pnet_tf.export import calibration, convert, layers, metadata, report
    from pnet_tf.model.predict import KerasNetwork
    from pnet_tf.runtime import network

    model, experiment = store.load(FLAGS.model_dir, FLAGS.input_height, FLAGS.input_width)
    patterns = {name: FLAGS[name].value for name in ("calibration_records", "val_records") if FLAGS[name].value}
    photos = {name: calibration.photos(records.find(pattern), experiment) for name, pattern in patterns.items()}
    words = {name: FLAGS[name].value for name in ("author", "licence") if FLAGS[name].value is not None}
    about = metadata.About(**words)
    content = convert.convert(model, FLAGS.mode, FLAGS.io, photos.get("calibration_records"), about)
    compared = photos.get("val_records", photos.get("calibration_records"))
    result = report.inspect(content, KerasNetwork(model), compared)
    asked = (network.INPUT, network.OUTPUT) if FLAGS.io == "float32" else ()
    stray = [name for name in result.float_tensors if name not in asked]
    if FLAGS.mode.startswith("int8") and stray:
        raise InputError(
            f"--mode={FLAGS.mode}: {len(stray)} tensors would stay float, the first is {stray[0]}; use another "
            "--upsampling or --fusion, or a float mode"
        )
    if FLAGS.val_records:
        scores = _scores(content, KerasNetwork(model), experiment.data.resize)
        result = dataclasses.replace(result, scores=scores)
    if FLAGS.debug_layers:
        result = dataclasses.replace(result, layers=layers.compare(content, convert.float_reference(model), compared))
    files.write_bytes(FLAGS.output, content)  # when nothing that was asked for can fail any more
    print(result.to_text())
    if FLAGS.debug_layers:
        print(layers.to_text(result.layers))
        cli.write_csv(FLAGS.debug_layers, [dataclasses.asdict(one) for one in result.layers])
    print(FLAGS.output)
    if FLAGS.report:
        cli.write_json(FLAGS.report, dataclasses.asdict(result))


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(export, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
