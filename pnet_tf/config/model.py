"""Settings of the network (paper, section 3.1)."""

import dataclasses
import re
from typing import Literal

from pnet_tf.config.checked import Checked, require

ENCODER_WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
"""Widths for which tf.keras.applications defines MobileNetV2."""

ENCODER_BLOCKS = 17
"""Inverted residual blocks of MobileNetV2."""

DECODER_BLOCKS = 5
"""D-Blocks of the decoder."""


OF_MOBILENET = ("portraitnet", "reference")
"""Networks with MobileNetV2 as their encoder, whose settings say more than a size."""

WITH_BOUNDARY_HEAD = (*OF_MOBILENET, "bisenet")

_OF_MOBILENET_ALONE = {
    "width": 1.0,
    "hidden_channels": "",
    "decoder_channels": "",
    "upsampling": "bilinear",
    "fusion": "add",
    "finest_skip": 4,
    "head_rate": 1,
    "edge_filter": False,
    "prior": False,
}


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
    require(
        ",".join(map(str, counts)) == text and len(counts) in (0, wanted),
        f"{name}={text}: write {wanted} numbers of channels with commas between{hint}",
    )
    return counts


@dataclasses.dataclass(frozen=True)
class Model(Checked):
    """The network (paper, section 3.1)."""

    network: Literal["portraitnet", "reference", "enet", "bisenet", "portraitfcn"] = "portraitnet"
    """portraitnet: tf.keras.applications' encoder, separable D-Blocks; reference: the authors' released network; enet,
    bisenet and portraitfcn: the paper's competitors."""
    input_height: int = 224
    input_width: int = 224
    width: float = 1.0
    """Width multiplier of the MobileNetV2 encoder, and of portraitfcn's VGG16; of the decoder, too, in the reference
    alone."""
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
    edge_filter: bool = False
    """A guided filter behind the answer in use, for which the paper's network has no place: edges follow the photo. Of
    network=portraitnet with head_rate=2 alone; it has no weights, and training goes by it."""
    prior: bool = False
    """A fourth input channel, the previous frame's mask; of the reference alone, and not trained here."""

    def check(self) -> None:
        for name in ("input_height", "input_width"):
            size = getattr(self, name)
            low = max(32, size // 32 * 32)
            require(
                size >= 32 and size % 32 == 0,
                f"{name}={size}: the network halves its input five times; the nearest sizes are {low} and {low + 32}",
            )
        require(
            self.width in ENCODER_WIDTHS,
            f"width={self.width}: known widths are {', '.join(map(str, ENCODER_WIDTHS))}",
        )
        channel_counts(self.hidden_channels)
        decoder_counts(self.decoder_channels)
        require(self.finest_skip in (2, 4), f"finest_skip={self.finest_skip}: known rates are 2, 4")
        require(self.head_rate in (1, 2), f"head_rate={self.head_rate}: known rates are 1, 2")
        if self.network not in OF_MOBILENET:
            for name, usual in _OF_MOBILENET_ALONE.items():
                value = getattr(self, name)
                fits = value == usual or (name, self.network) == ("width", "portraitfcn")
                require(fits, f"{name}={value}: network={self.network} has nothing of the kind; leave it out")
        elif self.network == "reference":
            for name in ("hidden_channels", "decoder_channels"):
                require(not getattr(self, name), f"{name}: of network=portraitnet alone; leave it empty")
            require(self.fusion == "add", "fusion=concatenate: the authors' network adds; use network=portraitnet")
            require(self.finest_skip == 4, "finest_skip=2: of network=portraitnet alone; use finest_skip=4")
            require(self.head_rate == 1, "head_rate=2: of network=portraitnet alone; use head_rate=1")
            require(not self.edge_filter, "edge_filter: of network=portraitnet alone; leave it out")
        else:
            require(self.upsampling != "depthwise", "upsampling=depthwise: of network=reference alone; use bilinear")
            require(not self.prior, "prior: of network=reference alone")
            require(
                self.head_rate == 2 or not self.edge_filter,
                "edge_filter: works on the 2×2 pixels of a head at rate 1/2; use head_rate=2 with it",
            )
