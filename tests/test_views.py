"""Pairs of views with their labels: what both share, what moves together, and what is read for them."""

import cv2
import numpy as np
import pytest

from draws import rng
from helpers import portrait
from pnet_tf import config, resize
from pnet_tf.data import records, views


def encoded(seed: int = 0) -> tuple[bytes, bytes]:
    rgb, mask = portrait(seed, 400, 300)
    return cv2.imencode(".jpg", rgb[..., ::-1])[1].tobytes(), records.encode_mask(mask * np.uint8(255))


def pair(seed: int, size: int = 96, **data) -> tuple[np.ndarray, ...]:
    return views.make_pair(*encoded(), b"", rng(seed), config.Data(**data), size, size)


def test_both_views_have_one_geometry():
    for seed in range(20):
        clean, textured, *_ = pair(seed)
        for part in (slice(None), slice(0, 64), slice(32, 96)):  # a turn would move the parts apart
            grey = [cv2.cvtColor(view[part], cv2.COLOR_RGB2GRAY).astype(np.float32) for view in (clean, textured)]
            shift, _ = cv2.phaseCorrelate(*grey)
            assert np.hypot(*shift) < 1


def test_without_augmentation_the_views_are_the_letterboxed_photo():
    photo, mask = portrait(0, 400, 300)
    clean, textured, labels, *_ = pair(0, augment="none")
    expected, _ = resize.fit_photo(photo, 96, 96, "letterbox")
    assert np.array_equal(clean, textured)
    assert np.abs(clean.astype(int) - expected)[:, 14:-14].mean() < 2
    assert np.mean(labels != resize.fit_mask(mask, 96, 96, "letterbox")) < 0.01


def test_a_view_depends_on_seed_epoch_and_record_alone():
    def drawn(*key) -> bytes:
        return b"".join(
            part.tobytes() for part in views.make_pair(*encoded(), b"", views.generator(*key), config.Data(), 64, 64)
        )

    assert drawn(0, 1, b"a") == drawn(0, 1, b"a")
    others = [(1, 1, b"a"), (0, 2, b"a"), (0, 1, b"b")]
    assert len({drawn(*key) for key in [(0, 1, b"a"), *others]}) == 4


def test_the_teacher_moves_with_the_mask():
    """A teacher of another size that says what the mask says still does after every deformation."""
    photo, stored = encoded()
    answer = (records.decode_mask(stored) == 1).astype(np.float32)
    teacher_bytes = records.encode_teacher(cv2.resize(answer, (160, 160), interpolation=cv2.INTER_AREA))
    for seed in range(20):
        for data in (config.Data(), config.Data(augment="authors"), config.Data(stretch_share=1.0)):
            *_, mask, _, teacher = views.make_pair(photo, stored, teacher_bytes, rng(seed), data, 96, 96)
            assert np.mean((teacher > 127) != (mask == 1)) < 0.015


def test_without_a_teacher_the_mask_teaches():
    _, _, mask, _, teacher = pair(3)
    assert np.array_equal(teacher, mask * 255)


def test_the_strength_reaches_the_views():
    """At 0 nothing is left of the deformations but the mirror."""
    plain = pair(0, augment="none")[0]
    for seed in range(8):
        clean = pair(seed=seed, deformation_strength=0.0)[0]
        assert np.array_equal(clean, plain) or np.array_equal(clean, plain[:, ::-1])


def test_stretched_pairs_fill_the_input():
    stored = records.encode_mask(np.full((90, 30), 255, np.uint8))
    photo = cv2.imencode(".png", np.zeros((90, 30, 3), np.uint8))[1].tobytes()
    data = config.Data(augment="none", stretch_share=0.5)
    shares = [views.make_pair(photo, stored, b"", rng(seed), data, 96, 96)[2].mean() for seed in range(40)]
    assert set(shares) == {1.0, 32 / 96}  # filled, or letterboxed to a third of the width


def test_a_turned_pair_is_the_turned_photos_pair():
    """The whole of a wide photo, upright in a tall input; mask and teacher go with it."""
    rgb, mask = portrait(3, height=64, width=128)
    photo, labels = cv2.imencode(".png", rgb[..., ::-1])[1].tobytes(), records.encode_mask(mask * 255)
    soft = records.encode_teacher(mask.astype(np.float32))
    plain = config.Data(augment="none")
    turned = config.Data(augment="none", turn_share=1.0)
    sides = set()
    for seed in range(8):
        clean, _, label, _, taught = views.make_pair(photo, labels, soft, rng(seed), turned, 128, 64)
        found = [k for k in (1, 3) if np.array_equal(clean, np.rot90(rgb, k))]
        assert len(found) == 1 and np.array_equal(label, np.rot90(mask, found[0]))
        assert np.abs(taught / 255.0 - label).max() < 0.01
        sides |= set(found)
    assert sides == {1, 3}
    assert np.array_equal(views.make_pair(photo, labels, soft, rng(), plain, 64, 128)[0], rgb)


def test_far_and_dark_pairs():
    """A white photo of everybody fills a sixteenth to a quarter of the input; dark ones have 5 to 50 % of the light."""
    white = cv2.imencode(".png", np.full((64, 64, 3), 255, np.uint8))[1].tobytes()
    labels = records.encode_mask(np.full((64, 64), 255, np.uint8))
    far = config.Data(far_share=1.0, deformation_strength=0.0)
    shares = [views.make_pair(white, labels, b"", rng(s), far, 64, 64)[2].mean() for s in range(40)]
    assert 1 / 16 <= min(shares) < 0.1 and 0.2 < max(shares) <= 1 / 4 + 0.02
    dark = config.Data(augment="none", dark_share=1.0)
    light = [views.make_pair(white, labels, b"", rng(s), dark, 64, 64)[0].mean() / 255 for s in range(40)]
    assert 0.05 <= min(light) < 0.08 and 0.35 < max(light) <= 0.5


def test_reduced_decoding_never_enlarges():
    """An 800-pixel photo for a 100-pixel view is decoded at 1/8; for one of its own size, whole."""
    content = cv2.imencode(".jpg", np.zeros((800, 640, 3), np.uint8))[1].tobytes()
    sizes = {scale: views.decode_for(content, scale)[0].shape[0] for scale in (1.2, 1.0, 0.5, 0.3, 0.125, 0.01)}
    assert sizes == {1.2: 800, 1.0: 800, 0.5: 400, 0.3: 400, 0.125: 100, 0.01: 100}


@pytest.mark.parametrize("size", [64, 128, 256])
def test_reduced_decoding_keeps_photo_and_mask_together(size):
    """601×799 divides by none of 2, 4, 8: an edge near the far side must not move."""
    mask = np.zeros((799, 601), np.uint8)
    mask[:, :560] = 255
    photo = cv2.imencode(".jpg", np.repeat(mask[..., None], 3, -1), [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    clean, _, labels, *_ = views.make_pair(
        photo, records.encode_mask(mask), b"", rng(), config.Data(augment="none", resize="stretch"), size, size
    )
    brightness = clean[size // 2, :, 0].astype(float).sum() / 255
    assert brightness == pytest.approx(size * 560 / 601, abs=0.3)
    assert abs(labels[size // 2].sum() - brightness) <= 0.6


def test_ignored_pixels_reach_the_batch():
    stored = np.full((64, 64), 255, np.uint8)
    stored[:32] = 128
    photo = cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
    labels = views.make_pair(photo, records.encode_mask(stored), b"", rng(), config.Data(augment="none"), 64, 64)[2]
    assert (labels[:32] == 255).all() and (labels[32:] == 1).all()
