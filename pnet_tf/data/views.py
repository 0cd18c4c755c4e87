"""Paired views of one record (paper, section 3.2 and Fig. 7): A, A′, one mask, one boundary, one teacher."""

import dataclasses
import zlib
from collections.abc import Sequence

import cv2
import numpy as np

from pnet_tf import config, fields, resize
from pnet_tf.data import backdrop, boundary, company, geometry, records, texture

_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def generator(seed: int, epoch: int, record_id: bytes) -> np.random.Generator:
    """The random stream of one record in one epoch: the same on any thread and after a resume."""
    return np.random.default_rng([seed, epoch, zlib.crc32(record_id)])


def decode_for(image_bytes: bytes, scale: float) -> tuple[np.ndarray, int]:
    """(h, w, 3) uint8 RGB, decoded at the smallest of 1, 1/2, 1/4, 1/8 that `scale` does not enlarge.

    JPEG decodes to a fraction in a fraction of the time, and averages where a bilinear warp
    would skip pixels.

    Returns:
      The photo, and how many pixels of the file one of its pixels is wide; the last column and row may
      stand for fewer. Formats other than JPEG are decoded whole.

    Raises:
      InputError: not a picture.
    """
    jpeg = image_bytes[:2] == b"\xff\xd8"
    reduction = max(r for r in _REDUCED if r == 1 or (jpeg and r * scale <= 1))
    return records.decode_photo(image_bytes, _REDUCED[reduction]), reduction


def _backdrop(
    donor: Sequence[bytes], shape: tuple[int, int], scale: float, edge_map: np.ndarray, height: int, width: int
) -> np.ndarray | None:
    """A donor's background for a photo of (h, w) `shape`: stretched to that, then deformed as the photo is."""
    labels = records.decode_mask(donor[1])
    fill_y, fill_x = shape[0] / labels.shape[0], shape[1] / labels.shape[1]
    photo, reduction = decode_for(donor[0], scale * max(fill_y, fill_x))
    empty = backdrop.without_person(photo, labels)
    if empty is None:
        return None
    return geometry.warp_photo(empty, edge_map @ np.diag([reduction * fill_x, reduction * fill_y, 1]), height, width)


def _with_company(
    donor: Sequence[bytes], view: tuple[np.ndarray, np.ndarray, np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clean view, mask and teacher with the donor's person in them, or as they are where that one is of no use."""
    labels = records.decode_mask(donor[1])
    at = company.place(labels, *view[1].shape, rng)
    if at is None:
        return view
    photo, reduction = decode_for(donor[0], float(np.abs(at[1, 1])))
    enlarged = cv2.resize(photo, labels.shape[::-1], interpolation=cv2.INTER_LINEAR) if reduction > 1 else photo
    return company.paste(*view, enlarged, labels, at)


def make_pair(
    image_bytes: bytes,
    mask_bytes: bytes,
    teacher_bytes: bytes,
    rng: np.random.Generator,
    data: config.Data,
    height: int,
    width: int,
    donor: Sequence[bytes] = (),
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A, A′, mask, boundary and teacher of one record at the network's size.

    Args:
      image_bytes, mask_bytes, teacher_bytes: as stored in the record.
      rng: from `generator`; all draws come from it.
      data: which augmentation, placement and boundary labels.
      height, width: the network's input size, pixels.
      donor: photo and mask, as stored, of the record whose background `data.backdrop_share` and whose person
        `data.company_share` may borrow.

    Returns:
      clean and textured view (H, W, 3) uint8 RGB; mask labels (H, W) uint8 of BACKGROUND,
      FOREGROUND, IGNORE; boundary labels (H, W) uint8 of BACKGROUND, FOREGROUND; the teacher's
      foreground probability times 255, (H, W) uint8, or the mask itself where the record has no teacher; 0 beside the
      person, and softened at the edge, where a background was borrowed.

    Raises:
      InputError: photo, mask or teacher cannot be decoded.
    """
    labels = records.decode_mask(mask_bytes)
    quarters = int(rng.choice((1, 3))) if data.turn_share and rng.random() < data.turn_share else 0
    seen = labels.shape[::-1] if quarters else labels.shape
    stretched = data.stretch_share and rng.random() < data.stretch_share
    at = resize.place(*seen, height, width, "stretch" if stretched else data.resize)
    deformation, change = geometry.Deformation(), None
    if data.augment == "paper":
        deformation, change = geometry.draw(rng, data.deformation_strength), texture.change
        if data.far_share and rng.random() < data.far_share:
            deformation = dataclasses.replace(deformation, scale=rng.uniform(*geometry.FAR_SCALE))
    elif data.augment == "authors":
        at = geometry.place_authors(rng, *seen, height, width)
        deformation, change = geometry.draw_authors(rng), texture.change_authors
        labels = cv2.medianBlur(labels, 5)  # their 5×5 majority filter
    scale = deformation.scale * max(at.inner_height / at.height, at.inner_width / at.width)
    photo, reduction = decode_for(image_bytes, scale)
    dark = bool(data.dark_share) and rng.random() < data.dark_share
    if dark:
        photo = texture.darken(photo, rng)

    edge_map = geometry.matrix(deformation, at, height, width) @ geometry.quarter_turns(*labels.shape, quarters)
    clean = geometry.warp_photo(photo, edge_map @ np.diag([reduction, reduction, 1]), height, width)
    mask = geometry.warp_mask(labels, edge_map, height, width)
    teacher = np.where(mask == fields.FOREGROUND, np.uint8(255), np.uint8(0))
    if teacher_bytes:
        stored = records.decode_teacher(teacher_bytes)
        enlarged = np.diag([labels.shape[1] / stored.shape[1], labels.shape[0] / stored.shape[0], 1])
        teacher = geometry.warp_teacher(stored, edge_map @ enlarged, height, width)
    if donor and not dark and data.backdrop_share and rng.random() < data.backdrop_share:
        behind = _backdrop(donor, labels.shape, scale, edge_map, height, width)
        if behind is not None:
            kept = backdrop.opacity(mask)
            clean, teacher = backdrop.blend(clean, behind, kept), np.rint(teacher * kept).astype(np.uint8)
    elif donor and not dark and not quarters and data.company_share and rng.random() < data.company_share:
        clean, mask, teacher = _with_company(donor, (clean, mask, teacher), rng)
    textured = change(clean, rng) if change else clean
    return clean, textured, mask, boundary.KINDS[data.boundary](mask, data.boundary_width), teacher
