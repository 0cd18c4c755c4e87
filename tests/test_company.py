"""Another record's person in the picture."""

import cv2
import numpy as np
import pytest

from draws import rng
from pnet_tf import config, fields
from pnet_tf.data import company, records, views


def bar(left: int, top: int, bottom: int, colour: int) -> tuple[bytes, bytes]:
    """A black photo of 90 × 120 with a bar 20 wide for a person, as records store it."""
    labels = np.zeros((120, 90), np.uint8)
    labels[top:bottom, left : left + 20] = fields.FOREGROUND
    rgb = np.where(labels[..., None] > 0, np.uint8(colour), np.uint8(0)).repeat(3, axis=2)
    return cv2.imencode(".png", rgb)[1].tobytes(), records.encode_mask(labels * 255)


def standing(labels: np.ndarray, at: np.ndarray) -> tuple[float, float]:
    """Upper and lower end of the labels' person in the view."""
    rows = np.flatnonzero((labels == fields.FOREGROUND).any(1))
    return at[1, 1] * rows[0] + at[1, 2], at[1, 1] * (rows[-1] + 1) + at[1, 2]


def test_how_tall_and_where():
    whole, cut = (records.decode_mask(bar(30, 20, bottom, 200)[1]) for bottom in (100, 120))
    for seed in range(50):
        at = company.place(whole, 96, 80, rng(seed))
        top, bottom = standing(whole, at)
        assert company.TALL[0] * 96 <= bottom - top <= company.TALL[1] * 96
        assert 48 <= bottom <= 1.05 * 96
        assert standing(cut, company.place(cut, 96, 80, rng(seed)))[1] == pytest.approx(97)  # nobody hovers


def test_who_is_cut_off_at_a_side_or_is_nobody_stays_out():
    assert company.place(np.zeros((120, 90), np.uint8), 96, 80, rng(0)) is None
    assert company.place(records.decode_mask(bar(0, 20, 100, 9)[1]), 96, 80, rng(0)) is None


def test_the_other_stands_behind_and_counts():
    """Where the view has its own person nothing changes; where the other is seen mask, teacher and photo say so."""
    own, other = bar(10, 10, 110, 255), bar(30, 20, 100, 200)
    seen = 0
    for seed in range(12):
        plain = views.make_pair(*own, b"", rng(seed), config.Data(deformation_strength=0.0), 96, 96, other)
        joined = config.Data(deformation_strength=0.0, company_share=1.0)
        clean, _, mask, _, teacher = views.make_pair(*own, b"", rng(seed), joined, 96, 96, other)
        before = plain[2] == fields.FOREGROUND
        inner = cv2.erode(before.astype(np.uint8), np.ones((5, 5), np.uint8)) == 1
        new = (mask == fields.FOREGROUND) & ~before
        core = cv2.erode(new.astype(np.uint8), np.ones((5, 5), np.uint8)) == 1
        assert (mask[before] == fields.FOREGROUND).all() and np.abs(clean[inner].astype(int) - 255).max() <= 1
        assert np.abs(clean[core].astype(int) - 200).max(initial=0) <= 1 and (teacher[core] == 255).all()
        far = cv2.dilate((mask == fields.FOREGROUND).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
        assert np.array_equal(clean[far], plain[0][far]) and (teacher[far] == 0).all()
        seen += core.any()
    assert seen >= 6
