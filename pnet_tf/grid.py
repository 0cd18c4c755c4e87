"""Pictures side by side under headings, for eyes instead of figures."""

from collections.abc import Sequence

import cv2
import numpy as np

GAP = 4
LINE = 22
"""Height of a line of text, pixels."""

BLACK = (0, 0, 0)

Words = Sequence[tuple[str, tuple[int, int, int]]]
"""Pieces of text (ASCII, as OpenCV's fonts are), each with its RGB colour."""

_FONT = (cv2.FONT_HERSHEY_SIMPLEX, 0.5)


def _write(picture: np.ndarray, words: Words, left: int, bottom: int) -> None:
    for text, colour in words:
        cv2.putText(picture, text, (left, bottom - 6), *_FONT, colour, 1, cv2.LINE_AA)
        left += cv2.getTextSize(text + " ", *_FONT, 1)[0][0]


def draw(headings: Sequence[Words], rows: Sequence[Sequence[np.ndarray]], captions: Sequence[str] = ()) -> np.ndarray:
    """Lays out rows of pictures on white.

    Args:
      headings: one for each column.
      rows: pictures (h, w, 3) uint8 RGB, as many as headings; smaller ones are centred in the largest's cell.
      captions: a line of text above each row, or none.

    Returns:
      (height, width, 3) uint8 RGB.
    """
    cell_width = max(picture.shape[1] for row in rows for picture in row) + GAP
    width = cell_width * len(headings)
    lines = [np.full((LINE, width, 3), 255, np.uint8)]
    for column, words in enumerate(headings):
        _write(lines[0], words, GAP + column * cell_width, LINE)
    for index, row in enumerate(rows):
        height = max(picture.shape[0] for picture in row)
        above = LINE + 2 * GAP if captions else GAP
        line = np.full((above + height, width, 3), 255, np.uint8)
        if captions:
            _write(line, [(captions[index], BLACK)], GAP, above)
        for column, picture in enumerate(row):
            top = above + (height - picture.shape[0]) // 2
            left = GAP + column * cell_width + (cell_width - GAP - picture.shape[1]) // 2
            line[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        lines.append(line)
    return np.vstack(lines)
