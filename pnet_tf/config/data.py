"""Settings of views and labels (paper, sections 3.2 and 4.2)."""

import dataclasses
from typing import Literal

from pnet_tf.config.checked import Checked, require


@dataclasses.dataclass(frozen=True)
class Data(Checked):
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
    company_share: float = 0.0
    """Share of the other training pairs that get another record's person, smaller, behind their own; not in the
    paper."""
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
        require(
            0 <= self.deformation_strength <= 1,
            f"deformation_strength={self.deformation_strength}: must lie in [0, 1]",
        )
        require(
            self.augment == "paper" or self.deformation_strength == 1,
            f"deformation_strength={self.deformation_strength}: of augment=paper alone; leave it at 1",
        )
        require(
            self.augment != "authors" or not self.stretch_share,
            f"stretch_share={self.stretch_share}: augment=authors places photos in a way of its own; leave it at 0",
        )
        require(
            self.augment == "paper" or not self.far_share,
            f"far_share={self.far_share}: of augment=paper alone; leave it at 0",
        )
        for name in ("stretch_share", "backdrop_share", "company_share", "turn_share", "far_share", "dark_share"):
            require(0 <= getattr(self, name) <= 1, f"{name}={getattr(self, name)}: must lie in [0, 1]")
        require(self.boundary_width > 0, f"boundary_width={self.boundary_width}: must be positive")
