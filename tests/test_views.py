"""The ten augmentations and the boundary labels, each against an independent source."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from helpers import portrait
from pnet_tf import config, resize
from pnet_tf.data import backdrop, boundary, geometry, records, texture, views

DRAWS = 4000


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noisy(seed: int = 0, size: tuple[int, int] = (60, 50)) -> np.ndarray:
    smooth = cv2.resize(rng(seed).integers(0, 256, (6, 5, 3)).astype(np.uint8), size[::-1])
    return cv2.add(smooth, rng(seed).normal(0, 20, smooth.shape), dtype=cv2.CV_8U)


# ── deformation ──────────────────────────────────────────────────────────────


def test_deformations_keep_to_the_papers_ranges():
    """Section 4.2: ±45°, 0.5–1.5, ±0.25, each with probability 0.5; four standard errors are 3.2 %."""
    source = rng()
    drawn = [geometry.draw(source) for _ in range(DRAWS)]
    for name, neutral, low, high in (
        ("angle", 0, -45, 45),
        ("scale", 1, 0.5, 1.5),
        ("shift_x", 0, -0.25, 0.25),
        ("shift_y", 0, -0.25, 0.25),
    ):
        values = np.array([getattr(one, name) for one in drawn])
        changed = values[values != neutral]
        assert len(changed) / DRAWS == pytest.approx(0.5, abs=0.032), name
        assert low <= changed.min() < low + 0.02 * (high - low), name
        assert high - 0.02 * (high - low) < changed.max() <= high, name
        assert changed.mean() == pytest.approx((low + high) / 2, abs=0.03 * (high - low)), name
    assert np.mean([one.flip for one in drawn]) == pytest.approx(0.5, abs=0.032)
    both = np.mean([one.flip and one.angle != 0 for one in drawn])
    assert both == pytest.approx(0.25, abs=0.032)  # independent of each other


def test_half_the_strength_halves_every_deformation():
    for seed in range(20):
        whole, half = geometry.draw(rng(seed)), geometry.draw(rng(seed), 0.5)
        assert half.flip == whole.flip
        assert half.scale - 1 == pytest.approx((whole.scale - 1) / 2)
        for name in ("angle", "shift_x", "shift_y"):
            assert getattr(half, name) == pytest.approx(getattr(whole, name) / 2)


def test_quarter_turns_are_those_of_numpy():
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for count in range(4):
        turned = np.rot90(labels, count)
        assert np.array_equal(geometry.warp_mask(labels, geometry.quarter_turns(3, 4, count), *turned.shape), turned)


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


def placed(height: int, width: int) -> resize.Placement:
    return resize.place(height, width, height, width, "letterbox")


def warped(image: np.ndarray, **values) -> np.ndarray:
    height, width = image.shape[:2]
    edge_map = geometry.matrix(geometry.Deformation(**values), placed(height, width), height, width)
    return geometry.warp_photo(image, edge_map, height, width)


def test_neutral_deformation_is_the_identity():
    assert np.array_equal(warped(noisy()), noisy())


def test_flip_mirrors_exactly():
    assert np.array_equal(warped(noisy(), flip=True), noisy()[:, ::-1])


def test_shift_moves_by_a_share_of_the_size():
    image = noisy(size=(40, 80))
    moved = warped(image, shift_x=0.25, shift_y=-0.25)
    assert np.array_equal(moved[:-10, 20:], image[10:, :-20])
    assert (moved[:, :20] == 128).all() and (moved[-10:] == 128).all()


def test_right_angle_turns_counter_clockwise():
    image = noisy(size=(40, 40))
    edge_map = geometry.matrix(geometry.Deformation(angle=90.0), placed(40, 40), 40, 40)
    assert np.array_equal(geometry.warp_photo(image, edge_map, 40, 40), np.rot90(image))


def test_rotation_and_zoom_equal_opencvs_own_matrix():
    """cv2.getRotationMatrix2D turns about a pixel's centre: (w − 1)/2 is the centre of the picture."""
    image = noisy(size=(50, 50))
    reference = cv2.warpAffine(
        image, cv2.getRotationMatrix2D((24.5, 24.5), 30, 1.3), (50, 50), borderValue=(128, 128, 128)
    )
    difference = cv2.absdiff(warped(image, angle=30.0, scale=1.3), reference)
    assert difference.max() <= 2


def test_mask_stays_on_the_photo():
    """A photo that is its own mask: after any deformation the two still agree, but for the edge's own pixels."""
    _, mask = portrait(3, 200, 150)
    photo = np.repeat(mask[..., None] * np.uint8(255), 3, -1)
    source = rng(1)
    for _ in range(30):
        edge_map = geometry.matrix(geometry.draw(source), resize.place(200, 150, 96, 96, "letterbox"), 96, 96)
        image, labels = geometry.warp_photo(photo, edge_map, 96, 96), geometry.warp_mask(mask, edge_map, 96, 96)
        inside = geometry.warp_mask(np.ones_like(mask), edge_map, 96, 96)
        differs = ((image[..., 0] > 127) != labels.astype(bool)) & (inside == 1)
        edge = cv2.dilate(labels, np.ones((3, 3), np.uint8)) - cv2.erode(labels, np.ones((3, 3), np.uint8))
        assert not (differs & (edge == 0) & (cv2.erode(inside, np.ones((3, 3), np.uint8)) == 1)).any()


def test_borders_are_grey_and_background():
    edge_map = geometry.matrix(geometry.Deformation(scale=0.5), placed(40, 40), 40, 40)
    photo = geometry.warp_photo(np.zeros((40, 40, 3), np.uint8), edge_map, 40, 40)
    mask = geometry.warp_mask(np.ones((40, 40), np.uint8), edge_map, 40, 40)
    assert (photo[:9] == 128).all() and mask[:9].sum() == 0
    assert (photo[11:29, 11:29] == 0).all() and mask[10:30, 10:30].all()


# ── texture ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ours", "pillows", "low", "high"),
    [
        (texture.colour, ImageEnhance.Color, 0.4, 1.7),
        (texture.brightness, ImageEnhance.Brightness, 0.4, 1.7),
        (texture.contrast, ImageEnhance.Contrast, 0.6, 1.5),
        (texture.sharpness, ImageEnhance.Sharpness, 0.8, 1.3),
    ],
)
def test_enhancements_equal_pillows(ours, pillows, low, high):
    image = noisy()
    for factor in np.linspace(low, high, 7):
        reference = np.asarray(pillows(Image.fromarray(image)).enhance(float(factor)))
        assert cv2.absdiff(ours(image, float(factor)), reference).max() <= 1
    assert np.array_equal(ours(image, 1.0), image)
    assert cv2.absdiff(ours(image, low), image).max() > 5


def test_noise_has_the_papers_deviation():
    grey = np.full((200, 200, 3), 128, np.uint8)
    drawn = texture.noise(grey, texture.NOISE_SIGMA, rng()).astype(np.float64) - 128
    assert drawn.mean() == pytest.approx(0, abs=0.15)
    assert drawn.std() == pytest.approx(10, abs=0.15)
    assert abs(np.corrcoef(drawn[..., 0].ravel(), drawn[..., 1].ravel())[0, 1]) < 0.02
    assert np.array_equal(texture.noise(grey, 0.0, rng()), grey)


@pytest.mark.parametrize("kernel", texture.BLUR_KERNELS)
def test_blur_is_a_normalised_kernel_of_its_size(kernel):
    point = np.zeros((11, 11, 3), np.uint8)
    point[5, 5] = 255
    spread = texture.blur(point, kernel)
    reach = kernel // 2
    assert spread[5 - reach : 6 + reach, 5 - reach : 6 + reach].min() > 0
    assert int(spread.sum()) == pytest.approx(3 * 255, abs=3 * kernel**2)
    outside = spread.copy()
    outside[5 - reach : 6 + reach, 5 - reach : 6 + reach] = 0
    assert outside.sum() == 0
    assert (texture.blur(np.full((9, 9, 3), 77, np.uint8), kernel) == 77).all()


def test_texture_draws_keep_to_the_papers_ranges(monkeypatch):
    """Every operation with probability 0.5, its factor over its whole range, in the paper's order."""
    calls: list[tuple[str, float]] = []
    for name in ("noise", "blur", "colour", "brightness", "contrast", "sharpness"):
        monkeypatch.setattr(texture, name, lambda image, value, *_, name=name: calls.append((name, value)) or image)
    source, image = rng(), np.zeros((2, 2, 3), np.uint8)
    order = ["noise", "blur", "colour", "brightness", "contrast", "sharpness"]
    for _ in range(DRAWS):
        before = len(calls)
        texture.change(image, source)
        ranks = [order.index(name) for name, _ in calls[before:]]
        assert ranks == sorted(ranks)
    for name, low, high in (
        ("noise", 10, 10),
        ("blur", 3, 5),
        ("colour", 0.4, 1.7),
        ("brightness", 0.4, 1.7),
        ("contrast", 0.6, 1.5),
        ("sharpness", 0.8, 1.3),
    ):
        values = np.array([value for called, value in calls if called == name])
        assert len(values) / DRAWS == pytest.approx(0.5, abs=0.032), name
        assert values.min() == pytest.approx(low, abs=0.01) and values.max() == pytest.approx(high, abs=0.01), name
    kernels = [value for called, value in calls if called == "blur"]
    assert set(kernels) == {3, 5} and np.mean(np.array(kernels) == 3) == pytest.approx(0.5, abs=0.05)


def test_the_authors_texture(monkeypatch):
    """One coin for all four enhancements, steps of 0.1 without the top, blur and noise after them."""
    calls: list[list] = []
    for name in ("noise", "blur", "colour", "brightness", "contrast", "sharpness"):
        monkeypatch.setattr(texture, name, lambda image, value, *_, name=name: calls[-1].append((name, value)) or image)
    source, image = rng(), np.zeros((8, 8, 3), np.uint8)
    for _ in range(DRAWS):
        calls.append([])
        texture.change_authors(image, source)
    enhancements = ["colour", "brightness", "contrast", "sharpness"]
    for call in calls:
        names = [name for name, _ in call if name in enhancements]
        assert names in ([], enhancements)
        assert [name for name, _ in call] == names + [name for name, _ in call if name not in enhancements]
    assert np.mean([bool(call) and call[0][0] == "colour" for call in calls]) == pytest.approx(0.5, abs=0.032)
    factors = {round(10 * value) for call in calls for name, value in call if name == "colour"}
    assert factors == set(range(4, 17))
    sigmas = [value for call in calls for name, value in call if name == "noise"]
    assert len(sigmas) / DRAWS == pytest.approx(0.5, abs=0.032) and np.mean(sigmas) == pytest.approx(5, abs=0.3)
    gaussian = np.mean([any(name == "blur" for name, _ in call) for call in calls])
    assert gaussian == pytest.approx(0.5 * 0.3, abs=0.025)


def test_the_authors_geometry():
    """Turned and zoomed always; the photo at the mean of both axes' scales, its jittered centre in the middle."""
    source = rng()
    drawn = [geometry.draw_authors(source) for _ in range(500)]
    assert all(one.angle != 0 and one.scale != 1 and one.shift_x == one.shift_y == 0 for one in drawn)
    for _ in range(50):
        at = geometry.place_authors(source, 800, 600, 224, 224)
        ratio = (224 / 800 + 224 / 600) / 2
        assert (at.inner_height, at.inner_width) == pytest.approx((800 * ratio, 600 * ratio))
        jitter = np.array([(112 - at.left) / ratio - 300, (112 - at.top) / ratio - 400])
        assert np.abs(jitter).max() <= 56
        edge_map = geometry.matrix(geometry.Deformation(angle=33, scale=1.2), at, 224, 224)
        centre = edge_map @ [jitter[0] + 300, jitter[1] + 400, 1]
        assert centre[:2] == pytest.approx([112, 112])


# ── pairs ────────────────────────────────────────────────────────────────────


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


# ── another background ───────────────────────────────────────────────────────

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


# ── what is read ─────────────────────────────────────────────────────────────


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


# ── boundary labels ──────────────────────────────────────────────────────────


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
