"""A person before another photo's background."""

import cv2
import numpy as np
import pytest

from draws import rng
from pnet_tf import config
from pnet_tf.data import backdrop, records, views

GREEN, BLUE, RED, WHITE = (np.array(colour, np.uint8) for colour in ((0, 200, 0), (0, 0, 200), (200, 0, 0), (255,) * 3))


def disc(height: int, width: int, person: np.ndarray, wall: np.ndarray) -> tuple[bytes, bytes]:
    """A photo of one colour with a disc of another, and the disc's mask, as records store them."""
    mask = cv2.circle(np.zeros((height, width), np.uint8), (width // 2, height // 2), width // 3, 255, -1)
    rgb = np.where(mask[..., None] > 0, person, wall)
    return cv2.imencode(".png", rgb[..., ::-1])[1].tobytes(), records.encode_mask(mask)


def test_a_person_is_painted_over_with_the_surroundings():
    photo, stored = disc(120, 90, RED, BLUE)
    empty = backdrop.without_person(records.decode_photo(photo), records.decode_mask(stored))
    assert np.abs(empty.astype(int) - BLUE).max() <= 5  # red would be 200


def test_a_photo_without_background_has_none_to_lend():
    assert backdrop.without_person(np.zeros((40, 30, 3), np.uint8), np.ones((40, 30), np.uint8)) is None


def test_what_is_ignored_stays_and_is_not_lent():
    """Nobody knows whether it is a person: in the borrower it is kept, in the donor painted over."""
    photo, stored = disc(120, 90, RED, BLUE)
    rgb, labels = records.decode_photo(photo), records.decode_mask(stored)
    ignored = np.where(labels == 1, np.uint8(255), labels)
    assert np.array_equal(backdrop.without_person(rgb, ignored), backdrop.without_person(rgb, labels))
    assert backdrop.opacity(ignored)[60, 45] == 1 and backdrop.opacity(ignored)[0, 0] == 0


def test_the_person_stands_before_the_donors_wall():
    """Same person, labels and grey frame as without; the donor, of another shape, gives nothing but its wall."""
    own, donor, teacher = disc(120, 90, WHITE, GREEN), disc(80, 100, RED, BLUE), records.encode_teacher(np.ones((8, 8)))
    for seed in range(12):
        plain, _, labels, *_ = views.make_pair(*own, teacher, rng(seed), config.Data(), 96, 96, donor)
        data = config.Data(backdrop_share=1.0)
        clean, _, mask, _, taught = views.make_pair(*own, teacher, rng(seed), data, 96, 96, donor)
        assert np.array_equal(mask, labels)
        inside = cv2.erode(mask, np.ones((5, 5), np.uint8)) == 1
        beside = cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0
        plain_parts = [beside & (plain == colour).all(-1) for colour in (GREEN, (128, 128, 128))]
        wall, frame = (cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8)) == 1 for part in plain_parts)
        assert wall.any() and inside.any()
        assert np.abs(clean[inside].astype(int) - plain[inside]).max() <= 1
        assert np.abs(clean[wall].astype(int) - BLUE).max() <= 5
        assert np.abs(clean[frame].astype(int) - 128).max() <= 1
        assert (taught[beside] == 0).all() and (taught[inside] == 255).all()


def test_the_share_of_borrowed_backgrounds():
    own, donor = disc(60, 45, WHITE, GREEN), disc(60, 45, RED, BLUE)
    data = config.Data(augment="none", backdrop_share=0.25)
    walls = [views.make_pair(*own, b"", rng(seed), data, 32, 32, donor)[0][2, 16] for seed in range(400)]
    # Four standard errors of a share of 0.25 over 400 draws are 0.087.
    assert np.mean([wall[2] > wall[1] for wall in walls]) == pytest.approx(0.25, abs=0.087)
