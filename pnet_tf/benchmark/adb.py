"""The Android debug bridge: which phone, and what to do when adb says no."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

from pnet_tf.errors import InputError

GET_ADB = "install Android's platform-tools (https://developer.android.com/tools/releases/platform-tools)"
ANSWER_SECONDS, PUSH_SECONDS = 60, 600

# adb's own words (tests/android/README.md names where they were read) and what helps.
REMEDIES = {
    "no devices/emulators found": "no phone is connected: plug it in and enable USB debugging on it",
    "device unauthorized": "the phone does not trust this computer: unlock it and accept its question",
    "device still authorizing": "the phone waits for an answer: unlock it and accept its question",
    "device offline": "the phone is offline: unplug it, plug it in again, or restart adb with `adb kill-server`",
    "more than one device": "several phones are connected: choose one by --serial (`adb devices` lists them)",
    "no permissions": "this user may not use the phone's USB port: see https://developer.android.com/tools/device",
    "No space left on device": "no space left on the phone in /data/local/tmp: free some and run again",
    "Read-only file system": "the phone's /data/local/tmp is read-only: reboot the phone",
}
STATES = {
    "unauthorized": REMEDIES["device unauthorized"],
    "authorizing": REMEDIES["device still authorizing"],
    "offline": REMEDIES["device offline"],
    "no permissions": REMEDIES["no permissions"],
}


@dataclasses.dataclass(frozen=True)
class Device:
    """A line of `adb devices -l`."""

    serial: str
    state: str
    model: str

    def __str__(self) -> str:
        return f"{self.serial} ({self.model or self.state})"


def find_adb(program: str | None) -> str:
    """The adb to call: `program`, else the one on PATH, else that of $ANDROID_HOME or $ANDROID_SDK_ROOT.

    Raises:
      InputError: there is none.
    """
    if program:
        if found := shutil.which(program):
            return found
        raise InputError(f"--adb={program}: no such program; {GET_ADB}")
    homes = [os.environ[name] for name in ("ANDROID_HOME", "ANDROID_SDK_ROOT") if os.environ.get(name)]
    places = [None, *(str(pathlib.Path(home) / "platform-tools") for home in homes)]
    found = next((path for place in places if (path := shutil.which("adb", path=place))), None)
    if not found:
        raise InputError(f"adb: not found on PATH; {GET_ADB}, or name its place by --adb")
    return found


class Adb:
    """Calls one adb program, for one phone once `serial` is set.

    Raises (every method):
      InputError: adb cannot be run, does not answer in time, or refuses; one line with the remedy.
    """

    def __init__(self, program: str, serial: str | None = None):
        self.program, self.serial = program, serial

    def call(self, *arguments: str, timeout: float = ANSWER_SECONDS) -> subprocess.CompletedProcess:
        """Runs adb; stdout and stderr arrive as one text in `stdout`."""
        command = [self.program, *(["-s", self.serial] if self.serial else []), *arguments]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                encoding="utf-8",
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            words = " ".join(arguments[:1])
            raise InputError(f"adb {words}: no answer within {timeout:.0f} s; plug the phone in again") from None
        except OSError as error:
            raise InputError(f"{self.program}: cannot be run ({error.strerror}); {GET_ADB}") from None
        if done.returncode:
            self._refuse(done.stdout)
        return done

    def shell(self, command: str, timeout: float = ANSWER_SECONDS) -> str:
        """What `command` prints on the phone, whatever its exit status (phones before Android 7 do not tell it)."""
        return self.call("shell", command, timeout=timeout).stdout

    def push(self, local: str | os.PathLike, remote: str) -> None:
        """Copies a file to the phone."""
        done = self.call("push", os.fspath(local), remote, timeout=PUSH_SECONDS)
        if done.returncode:
            raise InputError(
                f"{local}: cannot be copied to the phone ({_complaint(done.stdout)}); reboot it and run again"
            )

    def devices(self) -> list[Device]:
        """Everything that is attached, usable or not."""
        done = self.call("devices", "-l")
        header, found, lines = done.stdout.partition("List of devices attached")
        if not found:
            raise InputError(f"adb devices: {_complaint(header)}; restart it with `adb kill-server`")
        return [_device(line) for line in lines.splitlines() if line.strip() and not line.startswith("*")]

    def _refuse(self, text: str) -> None:
        """Raises for what adb itself, not the program on the phone, complains about."""
        lines = [line for line in text.splitlines() if re.match(r"(adb|error|failed to copy)\b", line)]
        for line in lines:
            for words, remedy in REMEDIES.items():
                if words in line:
                    raise InputError(f"adb: {remedy}")
            if re.search(r"device '.*' not found|error: closed|protocol fault|cannot connect to daemon", line):
                raise InputError(f"adb: the connection to the phone broke ({line}); plug it in and run again")


_STATES = "device|offline|unauthorized|authorizing|connecting|recovery|rescue|sideload|bootloader|host|no permissions"
_DEVICE = re.compile(rf"\s*(.+?)\s+({_STATES})(?=\s|$)(.*)")


def _device(line: str) -> Device:
    """A line of `adb devices -l`; under wireless debugging a serial may have a space in it, `adb-… (2)._adb-tls…`."""
    found = _DEVICE.match(line) or re.match(r"\s*(\S+)\s*(\S*)(.*)", line)
    serial, state, rest = found.groups()
    model = re.search(r"\bmodel:(\S+)", rest)
    return Device(serial, state or "unknown", model[1].replace("_", " ") if model else "")


def _complaint(text: str) -> str:
    """The line that says what went wrong; a count of pushed files may follow it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line or "failed" in line), lines[-1] if lines else "no answer")


def choose(devices: list[Device], serial: str | None) -> Device:
    """The phone to use.

    Raises:
      InputError: none, several without `serial`, an unknown `serial`, or one that cannot be used yet.
    """
    if not devices:
        raise InputError(f"adb: {REMEDIES['no devices/emulators found']}")
    attached = ", ".join(map(str, devices))
    if serial:
        wanted = [device for device in devices if device.serial == serial]
        if not wanted:
            raise InputError(f"--serial={serial}: not attached; attached are {attached}")
    else:
        ready = [device for device in devices if device.state == "device"]
        if len(ready) > 1:
            raise InputError(f"several phones are connected: choose one by --serial={' or '.join(map(str, ready))}")
        wanted = ready or devices
    device = wanted[0]
    if device.state != "device":
        remedy = STATES.get(device.state, f"the phone is in state {device.state}: start Android on it")
        raise InputError(f"{device.serial}: {remedy}")
    return device
