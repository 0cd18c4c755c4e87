"""Small files that say they are huge: refused by what their header says, before anything is decoded or inflated."""

import base64
import struct
import zlib

import numpy as np
import pytest

from annotations import export, png_bytes
from pnet_tf.data import records
from pnet_tf.errors import InputError
from pnet_tf.pictures import header, reader
from tfrecords import masks, sources


def png(width: int, height: int) -> bytes:
    """A PNG of one black pixel whose header says something else."""
    content = png_bytes(np.zeros((1, 1), np.uint8))
    chunk = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[33:]


BOMB = png(40_000, 40_000)


def test_the_limit_is_by_the_product_of_both_sides():
    assert (
        header.too_large(BOMB) and not header.too_large(png(10_000, 10_000)) and header.too_large(png(10_001, 10_000))
    )
    assert not header.too_large(b"") and not header.too_large(b"no picture")


def test_photos_masks_and_records(tmp_path):
    (tmp_path / "bomb.png").write_bytes(BOMB)
    for read in (reader.read, lambda path: masks.FileMask(path).read(10, 10)):
        with pytest.raises(InputError, match=r"bomb\.png.*100 megapixels"):
            read(tmp_path / "bomb.png")
    for decode in (records.decode_photo, records.decode_mask, records.decode_teacher):
        with pytest.raises(InputError, match="over 100 megapixels"):
            decode(BOMB)


@pytest.mark.parametrize("content", [BOMB, bytes(1 << 27), png_bytes(np.zeros((4, 4), np.uint8))[:40]])
def test_supervisely_bitmaps(tmp_path, content):
    deflated = zlib.compress(content)
    deflated = deflated if len(content) > 100 or content is BOMB else deflated[:-8]
    shape = {"data": base64.b64encode(deflated).decode(), "origin": [0, 0]}
    (item,) = sources.supervisely(
        export(tmp_path, [{"classTitle": "person", "geometryType": "bitmap", "bitmap": shape}]), sources.Options()
    )
    with pytest.raises(InputError, match="bitmap of class person does not decode"):
        item.mask.read(10, 12)
