"""The boundary labels, Canny's and the contour's."""

import numpy as np
import pytest

from pnet_tf.data import boundary


def square(size: int = 224) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[size // 4 : -size // 4, size // 4 : -size // 4] = 1
    return mask


@pytest.mark.parametrize(("size", "width"), [(224, 4), (448, 8), (112, 2)])
def test_canny_boundary_of_a_square_is_a_frame_of_that_width(size, width):
    """Four pixels at 224, half on either side of the edge, scaled with the input."""
    found = boundary.canny(square(size), 4.0)
    for line in (found[size // 2], found[:, size // 2]):
        edges = np.flatnonzero(line)
        first, second = edges[: len(edges) // 2], edges[len(edges) // 2 :]
        for run, edge in ((first, size // 4), (second, size - size // 4)):
            assert len(run) == width and run[-1] - run[0] == width - 1
            assert abs((run[0] + run[-1] + 1) / 2 - edge) <= 0.5


def test_contour_boundary_of_a_square():
    """The authors draw a line of width 4, which OpenCV makes 5 pixels wide, on the mask's outermost pixels."""
    row = np.flatnonzero(boundary.contour(square(), 4.0)[112])
    assert row.tolist() == [*range(54, 59), *range(165, 170)]


@pytest.mark.parametrize("kind", boundary.KINDS)
def test_the_frame_is_no_boundary(kind):
    """A body cut off by the lower edge: no line along that edge, only where body meets background."""
    mask = np.zeros((224, 224), np.uint8)
    mask[100:, 60:160] = 1
    found = boundary.KINDS[kind](mask, 4.0)
    assert found[-1, 70:150].sum() == 0
    assert found[-1, 56:64].sum() > 0 and found[100, 70:150].all()
    assert boundary.KINDS[kind](np.ones((64, 64), np.uint8), 4.0).sum() == 0
    assert boundary.KINDS[kind](np.zeros((64, 64), np.uint8), 4.0).sum() == 0
