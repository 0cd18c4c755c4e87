"""An ARM core's answers and instructions, by qemu-user and the folder that root.py made."""

import collections
import os
import pathlib
import subprocess
import tempfile

import blocks

ROOT = pathlib.Path(__file__).resolve().parents[2]
EMULATED = pathlib.Path(os.environ.get("PNET_ARM", ROOT / "out/arm")).absolute()
ANSWERS = ROOT / "tools/arm/answers.py"
# Arm's part number and what Linux calls the features, by QEMU's name of the core.
CORES = {
    "cortex-a53": ("0xd03", "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"),
    "cortex-a76": ("0xd0b", "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm asimddp"),
}


def run(
    core: str, model: pathlib.Path, given: pathlib.Path, answered: pathlib.Path, further: int = 0
) -> collections.Counter:
    """Runs answers.py.

    Args:
      core: one of CORES.
      model: .tflite file.
      given, answered: .npy files of the inputs, (n, *input shape), and of the outputs.
      further: inferences after them.

    Returns:
      A Counter of all instructions that the program ran, by `blocks.kernels`' kinds.

    Raises:
      RuntimeError: it failed, with the last that it said.
    """
    part, features = CORES[core]
    # QEMU before 8.2 shows the host's own, for which XNNPACK would choose kernels that the core has not.
    (EMULATED / "proc").mkdir(exist_ok=True)
    (EMULATED / "proc/cpuinfo").write_text(
        f"processor : 0\nFeatures : {features}\nCPU implementer : 0x41\nCPU architecture: 8\nCPU part : {part}\n"
    )
    # Further threads of NumPy's BLAS would wait in loops, which are counted by how long that takes.
    surroundings = {"PYTHONPATH": f"{EMULATED / 'packages'}:{ROOT}", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    told = [word for name, value in surroundings.items() for word in ("-E", f"{name}={value}")]
    program = [(EMULATED / "usr/bin/python3").resolve(), ANSWERS, model, given, answered]
    with tempfile.TemporaryDirectory() as folder:
        counts = pathlib.Path(folder, "blocks")
        plugin = ["-plugin", f"file={EMULATED / 'count.so'},to={counts}"]
        qemu = ["qemu-aarch64", "-cpu", core, "-L", EMULATED, *told, *plugin]
        done = subprocess.run([*qemu, *program, str(further)], capture_output=True, text=True)
        if done.returncode or not counts.is_file():
            raise RuntimeError(f"{core}: {done.stderr[-2000:]}")
        return blocks.kernels(blocks.read(counts))


def dot_products(found: collections.Counter) -> int:
    """How many of them are int8 dot products."""
    return found["convolutions", "sdot"]
