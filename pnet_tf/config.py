"""Settings: small frozen values, checked when made, with a strict JSON round trip.

An `Experiment` is all that decides what a training run computes. Field names are
unique over its sections, so that each one is also a command-line flag of
``pnet-train`` without a prefix.
"""

import ast
import dataclasses
import inspect
import itertools
import json
import pathlib
import re
import sys
from typing import Any, Literal, get_args, get_origin

from pnet_tf.errors import InputError

ENCODER_WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
"""Widths for which tf.keras.applications defines MobileNetV2."""

ENCODER_BLOCKS = 17
"""Inverted residual blocks of MobileNetV2."""

DECODER_BLOCKS = 5
"""D-Blocks of the decoder."""

IMAGENET = "imagenet"
"""Initial encoder weights: tf.keras.applications' own, under its name for them."""

EXPORT_MODES = ("float32", "float16", "dynamic", "int8_ptq", "int8_qat")
IO_TYPES = ("uint8", "int8", "float32")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


def sizes_by_epoch(text: str) -> tuple[tuple[int, int], ...]:
    """`Training.progressive_sizes` as (input height, epoch at which it ends) in order; () for "".

    Raises:
      InputError: not of that form, heights that 32 does not divide, epochs that do not rise.
    """
    pairs = re.findall(r"(\d+):(\d+)(?:,|$)", text)
    _require(
        ",".join(f"{size}:{until}" for size, until in pairs) == text,
        f"progressive_sizes={text}: write height:until_epoch, such as 128:4,160:10",
    )
    found = tuple((int(size), int(until)) for size, until in pairs)
    ends = [0, *(until for _, until in found)]
    _require(
        all(size >= 32 and size % 32 == 0 for size, _ in found) and ends == sorted(set(ends)),
        f"progressive_sizes={text}: heights must be multiples of 32, epochs must rise",
    )
    return found


def channel_counts(text: str) -> tuple[int, ...]:
    """`Model.hidden_channels` as a number for each block of the encoder, in order; () for "".

    Raises:
      InputError: not of that form, not as many as there are blocks.
    """
    return _counts("hidden_channels", text, ENCODER_BLOCKS, ", as pnet-prune does")


def decoder_counts(text: str) -> tuple[int, ...]:
    """`Model.decoder_channels` as a number for each D-Block, deepest first; () for "".

    Raises:
      InputError: not of that form, not as many as there are D-Blocks.
    """
    return _counts("decoder_channels", text, DECODER_BLOCKS, ", deepest first, such as 96,32,24,16,16")


def _counts(name: str, text: str, wanted: int, hint: str) -> tuple[int, ...]:
    counts = tuple(map(int, re.findall(r"[1-9]\d*", text)))
    _require(
        ",".join(map(str, counts)) == text and len(counts) in (0, wanted),
        f"{name}={text}: write {wanted} numbers of channels with commas between{hint}",
    )
    return counts


class _Checked:
    """Rejects a value outside a field's Literal type, for every section alike."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if get_origin(field.type) is Literal:
                value, allowed = getattr(self, field.name), get_args(field.type)
                _require(value in allowed, f"{field.name}={value!r}: known values are {', '.join(map(str, allowed))}")
        self.check()

    def check(self) -> None:
        """Raises InputError where values are of the right type and yet make no sense."""


@dataclasses.dataclass(frozen=True)
class Model(_Checked):
    """The network (paper, section 3.1)."""

    network: Literal["portraitnet", "reference"] = "portraitnet"
    """portraitnet: tf.keras.applications' encoder, separable D-Blocks; reference: the authors' released network."""
    input_height: int = 224
    input_width: int = 224
    width: float = 1.0
    """Width multiplier of the MobileNetV2 encoder; of the decoder, too, in the reference alone."""
    hidden_channels: str = ""
    """Channels inside each of the encoder's 17 blocks, "16,96,144,…", as pnet-prune leaves them; MobileNetV2's own
    where it is empty. Of network=portraitnet alone."""
    decoder_channels: str = ""
    """Channels of the five D-Blocks, deepest first; the paper's 96,32,24,16,8 where it is empty. Of network=portraitnet
    alone."""
    upsampling: Literal["bilinear", "deconvolution", "depthwise"] = "bilinear"
    """depthwise, of the reference alone: a deconvolution per channel whose bilinear kernels are not trained."""
    fusion: Literal["add", "concatenate"] = "add"
    """How a skip joins the decoder: the authors' code adds, the paper's text concatenates."""
    finest_skip: int = 4
    """Down-sampling rate of the finest encoder features that reach the decoder, 4 or 2; 2, which the paper lacks and
    network=reference has not, sharpens the boundary."""
    head_rate: int = 1
    """Down-sampling rate at which the heads work, 1 or 2; 2, which the paper lacks and network=reference has not,
    saves time: they predict the logits of 2×2 pixels each in place of the last up-sampling."""
    prior: bool = False
    """A fourth input channel, the previous frame's mask; of the reference alone, and not trained here."""

    def check(self) -> None:
        for name in ("input_height", "input_width"):
            size = getattr(self, name)
            low = max(32, size // 32 * 32)
            _require(
                size >= 32 and size % 32 == 0,
                f"{name}={size}: the network halves its input five times; the nearest sizes are {low} and {low + 32}",
            )
        _require(
            self.width in ENCODER_WIDTHS,
            f"width={self.width}: known widths are {', '.join(map(str, ENCODER_WIDTHS))}",
        )
        channel_counts(self.hidden_channels)
        decoder_counts(self.decoder_channels)
        _require(self.finest_skip in (2, 4), f"finest_skip={self.finest_skip}: known rates are 2, 4")
        _require(self.head_rate in (1, 2), f"head_rate={self.head_rate}: known rates are 1, 2")
        if self.network == "reference":
            for name in ("hidden_channels", "decoder_channels"):
                _require(not getattr(self, name), f"{name}: of network=portraitnet alone; leave it empty")
            _require(self.fusion == "add", "fusion=concatenate: the authors' network adds; use network=portraitnet")
            _require(self.finest_skip == 4, "finest_skip=2: of network=portraitnet alone; use finest_skip=4")
            _require(self.head_rate == 1, "head_rate=2: of network=portraitnet alone; use head_rate=1")
        else:
            _require(self.upsampling != "depthwise", "upsampling=depthwise: of network=reference alone; use bilinear")
            _require(not self.prior, "prior: of network=reference alone")


@dataclasses.dataclass(frozen=True)
class Data(_Checked):
    """Views and labels (paper, sections 3.2 and 4.2)."""

    augment: Literal["paper", "authors", "none"] = "paper"
    """paper: section 4.2; authors: their released code where it differs; none: the plain photo twice."""
    resize: Literal["letterbox", "stretch"] = "letterbox"
    """How a photo meets the network's size before any deformation, and in validation and calibration. The views of
    augment=authors have a placement of their own."""
    deformation_strength: float = 1.0
    """Factor on section 4.2's ranges of angle, zoom and shift, 0 to 1; of augment=paper alone."""
    stretch_share: float = 0.0
    """Share of training pairs that fill the input instead of keeping the aspect ratio, for clients that stretch; not
    with augment=authors."""
    backdrop_share: float = 0.0
    """Share of training pairs that get another record's background behind the person; not in the paper."""
    turn_share: float = 0.0
    """Share of training pairs turned by 90° to either side, as a phone that lies on its side sees people; not in the
    paper."""
    far_share: float = 0.0
    """Share of training pairs zoomed out beyond section 4.2, to a quarter up to a half; of augment=paper alone."""
    dark_share: float = 0.0
    """Share of training pairs in a twentieth to a half of the light; not in the paper."""
    boundary: Literal["canny", "contour"] = "canny"
    boundary_width: float = 4.0
    """Boundary width in pixels at an input of 224 (section 3.2); scaled with the input."""

    def check(self) -> None:
        _require(
            0 <= self.deformation_strength <= 1,
            f"deformation_strength={self.deformation_strength}: must lie in [0, 1]",
        )
        _require(
            self.augment == "paper" or self.deformation_strength == 1,
            f"deformation_strength={self.deformation_strength}: of augment=paper alone; leave it at 1",
        )
        _require(
            self.augment != "authors" or not self.stretch_share,
            f"stretch_share={self.stretch_share}: augment=authors places photos in a way of its own; leave it at 0",
        )
        _require(
            self.augment == "paper" or not self.far_share,
            f"far_share={self.far_share}: of augment=paper alone; leave it at 0",
        )
        for name in ("stretch_share", "backdrop_share", "turn_share", "far_share", "dark_share"):
            _require(0 <= getattr(self, name) <= 1, f"{name}={getattr(self, name)}: must lie in [0, 1]")
        _require(self.boundary_width > 0, f"boundary_width={self.boundary_width}: must be positive")


@dataclasses.dataclass(frozen=True)
class Loss(_Checked):
    """Weights and exponents of the objective (equations 1 to 9 and 13)."""

    boundary_weight: float = 0.3
    """β of equation 13; 0 switches the term off. Table 1's ablation uses λ = 0.1."""
    boundary_views: Literal["both", "clean", "textured"] = "both"
    """Which views carry the boundary loss; the authors' code has it on A′ alone."""
    boundary_emphasis: float = 0.0
    """Extra weight, in the mask and distillation terms, of the boundary label's pixels and those within 2 pixels of
    it; 0 in the paper."""
    focal_gamma: float = 2.0
    focal_factor_gradient: bool = True
    """Whether the gradient runs through the factor (1 − p)^γ; in the authors' code it does not."""
    consistency_weight: float = 2.0
    """α of equation 13; 0 switches the term off."""
    temperature: float = 1.0
    distillation_weight: float = 0.0
    """Of the cross-entropy to the teacher's soft mask on both views; needs records made with a teacher, or
    teacher_model. Not in the paper."""
    teacher_model: str = ""
    """A shipped model or a model directory that answers for each step's clean views, in place of the records' teacher,
    which saw the photo as it was."""

    def check(self) -> None:
        weights = ("boundary_weight", "boundary_emphasis", "consistency_weight", "distillation_weight")
        for name in (*weights, "focal_gamma"):
            _require(getattr(self, name) >= 0, f"{name}={getattr(self, name)}: must not be negative")
        _require(self.temperature > 0, f"temperature={self.temperature}: must be positive")
        _require(
            not self.teacher_model or self.distillation_weight > 0,
            f"teacher_model={self.teacher_model}: counts nothing without a distillation_weight; give it one",
        )


@dataclasses.dataclass(frozen=True)
class Training(_Checked):
    """The schedule (paper, section 4.3)."""

    epochs: int = 2000
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: Literal["paper", "paper_steps", "cosine", "constant"] = "paper"
    """paper: lr·0.95^(epoch/20); paper_steps: the same every 20 epochs at once; cosine: to zero at the last step."""
    warmup_steps: int = 0
    weight_decay: float = 5e-4
    """L2 added to the gradient of every trainable parameter, as Adam's weight decay in PyTorch."""
    clip_norm: float = 0.0
    """Upper bound of the gradient's global norm; 0 leaves it alone."""
    ema_decay: float = 0.0
    """Decay per step of the averaged weights that are validated and kept; 0 keeps the weights as they are."""
    progressive_sizes: str = ""
    """Input heights at first: "128:4,160:10" is 128 until epoch 4, 160 until epoch 10, and then the network's own."""
    frozen_encoder_epochs: int = 0
    """Epochs at the start that leave the encoder, its batch norm statistics included, as it was given."""
    mixed_precision: bool = False
    """Computes in bfloat16 and keeps the weights in float32; for devices that have the arithmetic."""
    patience: int = 0
    """Validations without a better figure after which the run ends; 0 never ends it early."""
    quantize: bool = False
    """Trains the int8 twin of a finished float model (--init_weights names its directory)."""
    validate_every: int = 1
    """Epochs between validations (and checkpoints)."""
    seed: int = 0

    def check(self) -> None:
        for name in ("epochs", "batch_size", "validate_every"):
            _require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}: must be at least 1")
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}: must be positive")
        _require(0 <= self.ema_decay < 1, f"ema_decay={self.ema_decay}: must lie in [0, 1)")
        for name in ("warmup_steps", "weight_decay", "clip_norm", "seed", "frozen_encoder_epochs", "patience"):
            _require(getattr(self, name) >= 0, f"{name}={getattr(self, name)}: must not be negative")
        sizes_by_epoch(self.progressive_sizes)
        if self.quantize:
            for name in ("progressive_sizes", "frozen_encoder_epochs", "mixed_precision"):
                _require(not getattr(self, name), f"{name}: not for the int8 twin, which --quantize trains")


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Everything that decides what a training run computes."""

    model: Model = Model()
    data: Data = Data()
    loss: Loss = Loss()
    training: Training = Training()

    def replace(self, **values: Any) -> "Experiment":
        """A copy with single fields changed, whichever section they live in.

        Raises:
          InputError: an unknown field (the known ones are listed) or a value that its section refuses.
        """
        owners = field_owners()
        changes: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            if name not in owners:
                raise InputError(f"unknown setting {name!r}: known are {', '.join(sorted(owners))}")
            changes.setdefault(owners[name], {})[name] = value
        sections = {name: dataclasses.replace(getattr(self, name), **change) for name, change in changes.items()}
        return dataclasses.replace(self, **sections)

    def to_json(self) -> str:
        """The experiment as indented JSON, a section an object."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


_SECTIONS = {"model": Model, "data": Data, "loss": Loss, "training": Training}


def field_owners() -> dict[str, str]:
    """Each setting's name → the section that it lives in."""
    return {field.name: section for section, kind in _SECTIONS.items() for field in dataclasses.fields(kind)}


def field_meanings() -> dict[str, str]:
    """Each setting's name → the first paragraph that stands under it in this file, for help texts."""
    meanings = {}
    for section in ast.parse(inspect.getsource(sys.modules[__name__])).body:
        for field, text in itertools.pairwise(section.body if isinstance(section, ast.ClassDef) else ()):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                meanings[field.target.id] = " ".join(text.value.value.split("\n\n")[0].split())
    return meanings


def _section_from(kind: type, name: str, values: Any, origin: str) -> Any:
    known = {field.name: field for field in dataclasses.fields(kind)}
    _require(isinstance(values, dict), f"{origin}: {name} must be an object with keys {', '.join(known)}")
    for key, value in values.items():
        _require(key in known, f"{origin}: unknown key {name}.{key}: known are {', '.join(known)}")
        wanted = known[key].type
        if get_origin(wanted) is Literal:
            continue  # checked by the section itself
        accepted = (int, float) if wanted is float else (wanted,)
        _require(
            isinstance(value, accepted) and (wanted is bool) == isinstance(value, bool),
            f"{origin}: {name}.{key}={value!r} is not of type {wanted.__name__}",
        )
    return kind(**values)


def from_json(text: str, origin: str) -> Experiment:
    """The experiment that `Experiment.to_json` wrote.

    Args:
      text: JSON; absent keys take their defaults.
      origin: the file's name, for messages.

    Raises:
      InputError: not JSON, an unknown section or key (the known ones are listed), a value of
        the wrong type or out of range.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{origin}: not JSON ({error})") from None
    _require(isinstance(values, dict), f"{origin}: must be an object with keys {', '.join(_SECTIONS)}")
    for name in values:
        _require(name in _SECTIONS, f"{origin}: unknown section {name!r}: known are {', '.join(_SECTIONS)}")
    return Experiment(**{name: _section_from(_SECTIONS[name], name, part, origin) for name, part in values.items()})


def read(path: pathlib.Path) -> Experiment:
    """The experiment in a file, which must be there.

    Raises:
      InputError: no text; otherwise as `from_json`.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not JSON (no text at all)") from None
    return from_json(text, str(path))
