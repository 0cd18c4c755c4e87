"""What goes wrong between a computer and a phone: one line each, and nothing stays on the phone."""

import json
import shutil
import sys

import pytest

from phone import ARM64, GALAXY, PIXEL, X86_64, listed
from pnet_tf.benchmark.adb import Adb
from pnet_tf.errors import InputError


@pytest.mark.parametrize(
    ("devices", "words"),
    [
        (listed(), "no phone is connected"),
        (listed("62dadc91 unauthorized usb:1-1"), "62dadc91: the phone does not trust this computer: unlock it"),
        (listed("emulator-5566          offline"), "emulator-5566: the phone is offline"),
        (
            listed(
                "082f59270073e1e3  no permissions (verify udev rules); see [developer.android.com/tools/device.html]"
            ),
            "this user may not use the phone's USB port",
        ),
        (listed("0A041FDD4003BW recovery usb:1-1"), "in state recovery: start Android"),
        (listed(PIXEL, GALAXY), "--serial=0A041FDD4003BW (Pixel 7) or R58N12ABCDE (SM G973F)"),
        ({"status": 1, "err": "error: cannot connect to daemon\n"}, "the connection to the phone broke"),
    ],
)
def test_phones_that_cannot_be_used(bench, bench_fails, devices, words):
    bench.scenario["devices"] = devices
    assert words in bench_fails()
    assert len(bench.calls()) == 1


def test_serial_chooses(bench, bench_fails):
    bench.scenario["devices"] = listed(PIXEL, GALAXY)
    assert bench.run("--serial=R58N12ABCDE") == 0
    assert bench.calls()[-1][:2] == ["-s", "R58N12ABCDE"]
    assert "attached are 0A041FDD4003BW (Pixel 7), R58N12ABCDE" in bench_fails("--serial=other")


def test_wireless_debugging(bench):
    """A second announcement of the same phone has a space and a number in its serial."""
    serial = "adb-35121JEHN28132-jr888A (2)._adb-tls-connect._tcp"
    bench.scenario["devices"] = listed(f"{serial}\tdevice")
    assert bench.run() == 0
    assert bench.calls()[-1][:2] == ["-s", serial]


def test_one_usable_phone_among_others_is_taken(bench):
    bench.scenario["devices"] = listed("emulator-5566          offline", PIXEL)
    assert bench.run() == 0


COPY = "adb: error: failed to copy 'x.tflite' to '/data/local/tmp/x.tflite': remote "
UNAUTHORIZED = (
    "error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set\n"
    "Try 'adb kill-server' if that seems wrong.\nOtherwise check for a confirmation dialog on your device.\n"
)


@pytest.mark.parametrize(
    ("push", "words"),
    [
        (COPY + "No space left on device\n", "no space left on the phone in /data/local/tmp: free some"),
        (COPY + "couldn't create file: Permission denied\nx: 1 file pushed, 0 skipped.\n", "file: Permission denied"),
        (UNAUTHORIZED, "does not trust this computer"),
        ("adb: error: failed to get feature set: no devices/emulators found\n", "no phone is connected"),
        ("adb: error: failed to get feature set: more than one device/emulator\n", "choose one by --serial"),
        ("error: device offline\n", "the phone is offline"),
        ("adb: error: failed to get feature set: device '0A041FDD4003BW' not found\n", "the connection to the phone"),
    ],
)
def test_copying_bench_fails(bench, bench_fails, push, words):
    bench.scenario["push"] = {"err": push, "status": 1}
    assert words in bench_fails()
    assert bench.cleaned_up()


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("/system/bin/sh: ./benchmark_model: not executable: 64-bit ELF file\n", "the phone cannot execute it"),
        ("sh: ./benchmark_model: Exec format error\n", "the phone cannot execute it"),
        ('CANNOT LINK EXECUTABLE "./benchmark_model": library "libx.so" not found\nAborted\n', "cannot execute it"),
        (
            "/system/bin/sh: /data/local/tmp/p/benchmark_model: No such file or directory\n",
            "another system than Android",
        ),
    ],
)
def test_a_binary_that_the_phone_cannot_run(bench, bench_fails, run, words):
    bench.scenario["cpu"] = {"err": run, "status": 126}
    error = bench_fails()
    assert words in error and "android_aarch64_benchmark_model" in error
    assert bench.cleaned_up()


def test_a_lost_phone_during_a_run(bench, bench_fails):
    bench.scenario["gpu"] = {"err": "error: closed\n", "status": 1}
    bench.scenario["shell"]["rm"] = {"err": "error: no devices/emulators found\n", "status": 1}
    assert "the connection to the phone broke (error: closed)" in bench_fails()
    assert bench.cleaned_up()


def test_an_adb_that_does_not_answer():
    hanging = Adb(sys.executable)
    with pytest.raises(InputError, match=r"no answer within 0 s; plug the phone in again"):
        hanging.call("-c", "import signal; signal.pause()", timeout=0.1)


def test_no_space_for_the_folder(bench, bench_fails):
    bench.scenario["shell"]["mkdir"] = {"out": "mkdir: '/data/local/tmp/p': No space left on device\n", "status": 1}
    assert "no space left on the phone" in bench_fails()
    assert "kept" not in bench_fails("--keep")


def test_wrong_files_are_told_before_a_phone_is_asked(bench, bench_fails):
    where = "https://storage.googleapis.com"
    assert where in bench_fails("--benchmark_binary=")
    assert where in bench_fails("--benchmark_binary=/no/such")
    bench.binary.write_text("<html>404</html>")
    assert "not an executable for Android" in bench_fails()
    assert "no such file" in bench_fails("--model=none.tflite")
    assert bench.calls() == []


def test_a_binary_of_another_architecture(bench, bench_fails):
    bench.elf(X86_64)
    error = bench_fails()
    assert "built for x86_64, but the phone runs arm64-v8a, armeabi-v7a, armeabi" in error
    assert error.rstrip().endswith("android_aarch64_benchmark_model")
    bench.elf(ARM64)
    bench.scenario["shell"]["getprop ro.product.cpu.abilist"] = {"out": "armeabi-v7a,armeabi\n"}
    assert bench_fails().rstrip().endswith("android_arm_benchmark_model")
    bench.scenario["shell"]["getprop ro.product.cpu.abilist"] = {"out": "x86_64,x86\n"}
    assert "take a phone with an ARM processor" in bench_fails()
    assert not [words for words in bench.calls() if "push" in words]


def test_no_adb(bench, bench_fails, monkeypatch, tmp_path):
    for name in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert "platform-tools" in bench_fails("--adb=")
    assert "--adb=/no/adb: no such program" in bench_fails("--adb=/no/adb")


def test_adb_of_the_sdk_is_found(bench, monkeypatch, tmp_path):
    tools = tmp_path / "sdk/platform-tools"
    tools.mkdir(parents=True)
    shutil.copy(bench.adb, tools)
    (tools / "scenario.json").write_text(json.dumps(bench.scenario))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path / "sdk"))
    assert bench.run("--adb=") == 0
    assert (tools / "calls.jsonl").exists()


@pytest.mark.parametrize("flag", ["--threads=0", "--threads=two", "--delegates=npu", "--delegates=", "--json=out.txt"])
def test_flags_that_make_no_sense(bench, bench_fails, flag):
    assert flag.partition("=")[2] in bench_fails(flag)
    assert bench.calls() == []
