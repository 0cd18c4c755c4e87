import numpy as np
import pytest

from pnet_tf import resize


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((800, 600), (0, 28, 224, 168)),  # 3:4 portrait: 224 · 3/4 = 168, 28 on either side
        ((600, 800), (28, 0, 168, 224)),
        ((224, 224), (0, 0, 224, 224)),
        ((10, 10), (0, 0, 224, 224)),
        ((1, 5000), (111, 0, 1, 224)),
    ],
)
def test_letterbox_placement(size, expected):
    at = resize.place(*size, 224, 224, "letterbox")
    assert (at.top, at.left, at.inner_height, at.inner_width) == expected


def test_letterbox_border_is_grey_and_masks_border_background():
    photo, at = resize.fit_photo(np.full((80, 60, 3), 9, np.uint8), 32, 32, "letterbox")
    mask = resize.fit_mask(np.ones((80, 60), np.uint8), 32, 32, "letterbox")
    assert (photo[:, :4] == 128).all() and (photo[:, 4:28] == 9).all()
    assert mask[:, :4].sum() == 0 and mask[:, 4:28].all()
    assert resize.unfit(mask.astype(np.float32), at).shape == (80, 60)


@pytest.mark.parametrize("mode", ["letterbox", "stretch"])
@pytest.mark.parametrize("size", [(120, 90), (90, 120), (50, 200)])
def test_answer_returns_to_the_photos_pixels(mode, size):
    """A smooth ramp survives the way there and back to within one pixel of its slope."""
    height, width = size
    ramp = np.repeat(np.linspace(0, 200, width)[None], height, 0)
    fitted, at = resize.fit_photo(np.repeat(ramp[..., None], 3, -1).astype(np.uint8), 64, 64, mode)
    back = resize.unfit(fitted[..., 0].astype(np.float32), at)
    step = 200 / at.inner_width
    assert np.abs(back - ramp)[:, 2:-2].max() <= step + 1
