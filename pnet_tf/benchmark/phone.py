"""How long .tflite files take on an Android phone: push, run `benchmark_model`, read, clean up."""

import contextlib
import dataclasses
import os
import pathlib
import re
import shlex
import uuid
from collections.abc import Callable, Iterator, Sequence

from pnet_tf.benchmark import adb as bridge
from pnet_tf.benchmark.output import NodeType, Output, parse
from pnet_tf.errors import InputError

DELEGATES = ("cpu", "gpu")
REMOTE_ROOT = "/data/local/tmp"  # the one place where Android lets the shell execute files
RUN_SECONDS = 600
WARM_UP = 5

NIGHTLY = "https://storage.googleapis.com/tensorflow-nightly-public/prod/tensorflow/release/lite/tools/nightly/latest"
BINARIES = {
    "arm64-v8a": f"{NIGHTLY}/android_aarch64_benchmark_model",
    "armeabi-v7a": f"{NIGHTLY}/android_arm_benchmark_model",
}

# ELF's e_machine → what Android calls the architecture (ro.product.cpu.abilist).
ABIS = {183: "arm64-v8a", 40: "armeabi-v7a", 62: "x86_64", 3: "x86", 243: "riscv64"}
# The words of Android's shell and linker for a file that this phone cannot execute.
NOT_EXECUTABLE = (
    r"not executable: .*ELF|Exec format error|CANNOT LINK EXECUTABLE|has bad ELF magic|is \d+-bit instead of"
)
NOT_ANDROID = r"benchmark_model: (?:inaccessible or )?(?:not found|No such file or directory)"


def _download(abis: Sequence[str]) -> str:
    known = next((abi for abi in abis if abi in BINARIES), None)
    if known is None:
        return "there is no ready-made one for this phone: take a phone with an ARM processor"
    return f"download benchmark_model for {known} from {BINARIES[known]}"


GET_BINARY = _download(["arm64-v8a"])


@dataclasses.dataclass(frozen=True)
class Phone:
    """What a figure has to be read with."""

    serial: str
    model: str
    android: str
    abis: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Row:
    """One file on one delegate.

    Attributes:
      bytes: size of the file.
      delegate: "cpu" (XNNPACK) or "gpu".
      threads: CPU threads, None on the GPU.
      output: the timed run; its latency is None where the tool or the delegate refused.
      profile: node types of a run apart, because watching takes time; empty if not asked for.
      peak: the largest size of the process in that run, MB of 2^20 bytes; None if not asked for.
      note: a refusal, a fall-back or operators left on the CPU, in one line; empty if there is nothing to say.
    """

    model: str
    bytes: int
    delegate: str
    threads: int | None
    output: Output
    profile: tuple[NodeType, ...]
    peak: float | None
    note: str

    @property
    def measured(self) -> bool:
        """Whether the figures are of this delegate."""
        return self.output.latency is not None and not (self.delegate == "gpu" and self.output.delegation == "none")


def check_files(models: Sequence[str | os.PathLike], binary: str | os.PathLike | None) -> str:
    """Looks at the files before a phone is asked.

    Returns:
      The architecture of `binary` in Android's words.

    Raises:
      InputError: a file is missing, or `binary` is no executable for Android.
    """
    for model in models:
        if not pathlib.Path(model).is_file():
            raise InputError(f"--model={model}: no such file")
    if not binary:
        raise InputError(f"--benchmark_binary is missing: {GET_BINARY}")
    if not pathlib.Path(binary).is_file():
        raise InputError(f"--benchmark_binary={binary}: no such file; {GET_BINARY}")
    with open(binary, "rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF" or len(head) < 20:
        raise InputError(f"--benchmark_binary={binary}: not an executable for Android; {GET_BINARY}")
    machine = int.from_bytes(head[18:20], "big" if head[5] == 2 else "little")
    return ABIS.get(machine, f"ELF machine {machine}")


def connect(program: str | None, serial: str | None) -> tuple[bridge.Adb, Phone]:
    """Finds adb and the phone.

    Raises:
      InputError: no adb, no phone, several without `serial`, or one that cannot be used; with the remedy.
    """
    adb = bridge.Adb(bridge.find_adb(program))
    adb.serial = bridge.choose(adb.devices(), serial).serial
    names = ("ro.product.model", "ro.build.version.release", "ro.product.cpu.abilist")
    model, android, abis = (adb.shell(f"getprop {name}").strip() for name in names)
    return adb, Phone(adb.serial, model, android, tuple(abis.split(",")) if abis else ())


@contextlib.contextmanager
def workspace(adb: bridge.Adb, on_kept: Callable[[str], None] | None = None) -> Iterator[str]:
    """A folder of its own on the phone, removed on the way out, also after a failure or Ctrl-C; or kept, and told."""
    folder = f"{REMOTE_ROOT}/pnet-benchmark-{uuid.uuid4().hex[:8]}"
    kept = False
    try:
        made = adb.shell(f"mkdir {folder}").strip()
        if "No space left" in made:
            raise InputError(f"adb: {bridge.REMEDIES['No space left on device']}")
        if "mkdir:" in made:
            raise InputError(f"{folder}: cannot be made on the phone ({made.splitlines()[-1]}); reboot it")
        kept = on_kept is not None
        yield folder
    finally:
        if kept:
            on_kept(folder)
        else:
            with contextlib.suppress(InputError):  # the phone may be gone; the first failure is the one to tell
                adb.shell(f"rm -rf {folder}")


def measure(
    adb: bridge.Adb,
    phone: Phone,
    models: Sequence[str],
    binary: str,
    threads: Sequence[int] = (1, 4),
    delegates: Sequence[str] = DELEGATES,
    runs: int = 50,
    profile: bool = True,
    on_kept: Callable[[str], None] | None = None,
    on_run: Callable[[int, int], None] = lambda done, total: None,
) -> list[Row]:
    """Times every file on every delegate, the CPU once for each number of threads.

    A delegate that refuses is a row with a note, not an error.

    Args:
      models: .tflite files.
      binary: `benchmark_model` for the phone's architecture.
      threads: numbers of CPU threads.
      delegates: of `DELEGATES`.
      runs: timed runs, at least; the tool goes on until a second has passed.
      profile: runs everything once more, with operator profile and memory watched.
      on_kept: leaves the files on the phone and is told their folder; by default they are removed.
      on_run: told how many of how many rows are done.

    Raises:
      InputError: a missing file, a binary that the phone cannot execute, no space, or a lost connection.
    """
    abi = check_files(models, binary)
    if phone.abis and abi not in phone.abis:
        runs_on = f"built for {abi}, but the phone runs {', '.join(phone.abis)}"
        raise InputError(f"--benchmark_binary={binary}: {runs_on}; {_download(phone.abis)}")
    settings = [(d, t) for d in delegates for t in (threads if d == "cpu" else [None])]
    rows: list[Row] = []
    with workspace(adb, on_kept) as folder:
        adb.push(binary, f"{folder}/benchmark_model")
        adb.shell(f"chmod 755 {folder}/benchmark_model")
        for number, model in enumerate(models):
            remote = f"{folder}/model{number}.tflite"  # names of users' files may not survive a shell
            adb.push(model, remote)
            for delegate, count in settings:
                rows.append(_row(adb, folder, remote, model, delegate, count, runs, profile))
                on_run(len(rows), len(models) * len(settings))
    return rows


def _row(
    adb: bridge.Adb, folder: str, remote: str, model: str, delegate: str, threads: int | None, runs: int, profile: bool
) -> Row:
    flags = [f"--graph={remote}", f"--num_runs={runs}", f"--warmup_runs={WARM_UP}"]
    flags += [f"--num_threads={threads}", "--use_xnnpack=true"] if threads else ["--use_gpu=true"]
    output = _run(adb, folder, flags)
    row = Row(model, pathlib.Path(model).stat().st_size, delegate, threads, output, (), None, _note(delegate, output))
    if profile and row.measured:
        watched = _run(adb, folder, [*flags, "--enable_op_profiling=true", "--report_peak_memory_footprint=true"])
        row = dataclasses.replace(row, profile=watched.profile, peak=watched.memory_peak)
    return row


def _run(adb: bridge.Adb, folder: str, flags: list[str]) -> Output:
    text = adb.shell(f"{folder}/benchmark_model {shlex.join(flags)} 2>&1", timeout=RUN_SECONDS)
    if broken := re.search(rf"^.*(?:{NOT_EXECUTABLE}).*$", text, re.M):
        raise InputError(f"--benchmark_binary: the phone cannot execute it ({broken[0].strip()}); {GET_BINARY}")
    if re.search(NOT_ANDROID, text):
        raise InputError(f"--benchmark_binary: built for another system than Android; {GET_BINARY}")
    return parse(text)


def _note(delegate: str, output: Output) -> str:
    names = ", ".join(output.unsupported)
    if output.latency is None:
        return f"refused: {output.failure}"
    if delegate == "cpu":
        return ""
    if output.delegation == "none":
        return f"refused: the GPU takes none of the graph{f' (unsupported: {names})' if names else ''}"
    if output.delegation == "part":
        share = "some" if output.left_on_cpu is None else str(output.left_on_cpu)
        return f"in part: {share} operators stay on the CPU{f' ({names})' if names else ''}"
    return "" if output.delegation == "all" else "the tool does not say how much of the graph the GPU took"
