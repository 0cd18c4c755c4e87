"""A camera for other programs' video calls: v4l2loopback on Linux, OBS on macOS and Windows, by pyvirtualcam."""

import importlib
import pathlib
import sys
import threading
from typing import Any

import numpy as np

from pnet_tf.errors import InputError

_EXCLUSIVE = pathlib.Path("/sys/module/v4l2loopback/parameters/exclusive_caps")
_REMEDY = {
    "linux": "sudo apt install v4l2loopback-dkms, then sudo modprobe v4l2loopback exclusive_caps=1 card_label=pnet",
    "darwin": "install OBS, start its virtual camera once, and close OBS",
    "win32": "install OBS, whose virtual camera is used",
}


def hint() -> str | None:
    """What keeps browsers from seeing the camera, with the remedy; None if nothing is known to."""
    if _EXCLUSIVE.exists() and not _EXCLUSIVE.read_text().startswith(("Y", "1")):
        return (
            "Chrome and Teams see the virtual camera only with exclusive_caps=1: "
            "sudo modprobe -r v4l2loopback, then sudo modprobe v4l2loopback exclusive_caps=1"
        )
    return None


class VirtualCamera:
    """Shows the last picture at a constant rate, whatever the pace at which new ones come; a context manager."""

    def __init__(self, width: int, height: int, rate: float):
        """Opens the device for frames of width × height (even sides are what programs take) at so many a second.

        Raises:
          InputError: pyvirtualcam or the device is not there, or in use, with the remedy.
        """
        try:
            module = importlib.import_module("pyvirtualcam")
        except ImportError:
            raise InputError("--output=virtual-camera needs pyvirtualcam: pip install 'pnet-tf[video]'") from None
        self.width, self.height = width - width % 2, height - height % 2
        try:
            self._device: Any = module.Camera(self.width, self.height, rate)
        except RuntimeError as error:
            told = " ".join(str(error).split()) or "cannot be opened"
            remedy = _REMEDY.get(sys.platform, _REMEDY["linux"])
            raise InputError(f"--output=virtual-camera: {told}; {remedy}") from None
        self.name = self._device.device
        self._picture: np.ndarray | None = None
        self._failure: Exception | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep_sending, daemon=True)
        self._thread.start()

    def show(self, picture: np.ndarray) -> None:
        """Shows (h, w, 3) uint8 RGB from now on; raises InputError when the device is gone."""
        if self._failure:
            raise InputError(f"--output=virtual-camera: {self._failure}; start it again") from None
        self._picture = np.ascontiguousarray(picture[: self.height, : self.width])

    def _keep_sending(self) -> None:
        try:
            last = False
            while not last:
                last = self._closed.is_set()  # before sending, so that the last picture is sent
                if self._picture is not None:
                    self._device.send(self._picture)
                self._device.sleep_until_next_frame()
        except Exception as error:  # the device was taken away
            self._failure = error

    def __enter__(self) -> "VirtualCamera":
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()
        self._device.close()
