"""Supervisely exports made for tests."""

import base64
import json
import pathlib
import zlib

import cv2
import numpy as np

from helpers import write_photo


def png_bytes(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def bitmap(picture: np.ndarray, origin: tuple[int, int]) -> dict:
    return {"data": base64.b64encode(zlib.compress(png_bytes(picture))).decode(), "origin": list(origin)}


def polygon(exterior: list, *interior: list, title: str = "person_poly") -> dict:
    points = {"exterior": exterior, "interior": list(interior)}
    return {"classTitle": title, "geometryType": "polygon", "points": points}


def export(directory: pathlib.Path, objects: list, name: str = "a", size: tuple[int, int] = (10, 12)) -> pathlib.Path:
    write_photo(directory / "img" / f"{name}.png", np.zeros((*size, 3), np.uint8))
    (directory / "ann").mkdir(exist_ok=True)
    annotation = {"size": {"height": size[0], "width": size[1]}, "objects": objects}
    (directory / "ann" / f"{name}.png.json").write_text(json.dumps(annotation))
    return directory
