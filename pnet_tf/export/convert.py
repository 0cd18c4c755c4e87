"""A model → the bytes of a .tflite file, in five modes."""

from collections.abc import Iterable, Sequence

import numpy as np

from pnet_tf.config import EXPORT_MODES, IO_TYPES
from pnet_tf.errors import InputError
from pnet_tf.export import bias_correction, metadata, package
from pnet_tf.model import deploy
from pnet_tf.quantize import qat
from pnet_tf.quiet import silent_stderr
from pnet_tf.stack import keras, tf


def default_io(mode: str) -> str:
    """uint8 for the int8 modes; float32 for the others, whose tensors are floats throughout."""
    return "uint8" if mode.startswith("int8") else "float32"


def is_quantized(model: keras.Model) -> bool:
    """Whether the model came out of quantisation-aware training."""
    return any(layer.name == qat.TWO_CLASS for layer in model.layers)


def _representative(images: Iterable[np.ndarray]):
    for index, image in enumerate(images):
        batch = image.astype(np.float32)[None].copy()
        if index == 0:
            # The range of raw pixels, whatever the photos: scale 1, zero point −128.
            batch[0, 0, 0], batch[0, 0, 1] = 0, 255
        yield [batch]


def _converter(network: keras.Model) -> tf.lite.TFLiteConverter:
    """Of a deployed graph, its batch fixed at one photo."""
    fixed = tf.TensorSpec((1, *network.input.shape[1:]), tf.float32, name=deploy.INPUT)

    @tf.function(input_signature=[fixed], autograph=False)
    def function(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {deploy.FOREGROUND: network(image, training=False)}

    # A plain module, because saving a Keras model traces every layer by itself, which takes longer and which
    # a quantized deconvolution does not survive; the file would then lack its signature.
    holder = tf.Module()
    holder.network_variables = network.variables
    return tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], holder)


def float_reference(model: keras.Model) -> bytes:
    """The float32 file of the weights that `convert` takes, those of a quantisation-aware twin without their grids."""
    network = qat.float_twin(model) if is_quantized(model) else deploy.fold(model)
    converter = _converter(network)
    with silent_stderr():
        content = converter.convert()
    return package.package(content, metadata.About())


def convert(
    model: keras.Model,
    mode: str,
    io: str | None = None,
    calibration: Sequence[np.ndarray] | None = None,
    about: metadata.About | None = None,
) -> bytes:
    """Exports a training graph, or its quantisation-aware twin.

    Args:
      model: from `store.load`; quantisation-aware for mode int8_qat and for no other.
      mode: one of `config.EXPORT_MODES`. float16 stores the weights in half precision; dynamic stores them in
        int8 and computes in float; int8_ptq measures its ranges on `calibration`, and by how much to correct its
        biases (`bias_correction`); int8_qat brings its ranges.
      io: type of the input and output tensor, by default `default_io`.
      calibration: (H, W, 3) uint8 RGB, from `calibration.photos`, for int8_ptq.
      about: author, licence and other words for the file's metadata.

    Returns:
      The file: raw RGB [1, H, W, 3] → foreground probability [1, H, W, 1], with metadata and labels. The same
      arguments give the same bytes.

    Raises:
      InputError: a mode, a type or a model that do not go together.
    """
    io = io or default_io(mode)
    if mode not in EXPORT_MODES or io not in IO_TYPES:
        raise InputError(
            f"--mode={mode} --io={io}: modes are {', '.join(EXPORT_MODES)}; types are {', '.join(IO_TYPES)}"
        )
    if not mode.startswith("int8") and io != "float32":
        raise InputError(f"--io={io}: {mode} files compute in floats; use --io=float32 or an int8 mode")
    if is_quantized(model) != (mode == "int8_qat"):
        wanted = "a model trained with --quantize" if mode == "int8_qat" else "a float model, not its int8 twin"
        raise InputError(f"--mode={mode}: needs {wanted}")
    if mode == "int8_ptq" and calibration is None:
        raise InputError("--mode=int8_ptq: needs photos to calibrate on; name records with --calibration_records")

    network = qat.deployed(model) if mode == "int8_qat" else deploy.fold(model)
    if mode == "int8_ptq":
        bias_correction.correct(network, calibration)
    converter = _converter(network)
    if mode != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if mode.startswith("int8"):
        converter.inference_input_type = converter.inference_output_type = tf.dtypes.as_dtype(io)
    if mode == "int8_ptq":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: _representative(calibration)
    with silent_stderr():
        content = converter.convert()
    return package.package(content, about or metadata.About())
