import fcntl
import importlib.util
import os
import pathlib
import sys
from collections.abc import Callable

import pytest


@pytest.fixture(autouse=True)
def no_seed_of_another_test() -> None:
    """TensorFlow's global seed would mix into the orders that `data.pipeline` draws from seeds of its own."""
    if "pnet_tf.stack" in sys.modules:
        sys.modules["pnet_tf.stack"].tf.random.set_seed(None)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Callable[[str, Callable[[pathlib.Path], None]], pathlib.Path]:
    """A function (name, make) → a folder that one of the processes of this run fills, and all of them use."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name: str, make: Callable[[pathlib.Path], None]) -> pathlib.Path:
        made = root / f"{name}-shared"
        with open(root / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (made / "done").exists():
                make(made)
                (made / "done").touch()
        return made

    return folder


@pytest.fixture(scope="session", autouse=True)
def unoptimised_graphs() -> None:
    """Graphs of these tests run a few steps each, and optimising them costs more than it wins; child processes do."""
    if importlib.util.find_spec("tensorflow") is None:  # tests/mediapipe
        return
    from pnet_tf.stack import tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="session")
def records(made_once) -> tuple[str, str]:
    """Glob patterns of 12 training and 4 validation records."""
    from helpers import write_records

    folder = made_once("data", write_records)
    return str(folder / "records/train-*.tfrecord"), str(folder / "records/val-*.tfrecord")


@pytest.fixture(scope="session")
def trained(records, made_once) -> pathlib.Path:
    """A model directory of preset tiny, two epochs; nobody writes into it."""

    def make(folder: pathlib.Path) -> None:
        from pnet_tf_tools import train

        on = [f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={folder / 'tiny'}"]
        assert train.main([*on, "--preset=tiny"]) == 0

    return made_once("model", make) / "tiny"


@pytest.fixture
def small_network(monkeypatch):
    """A network of a few layers, which traces in no time, for what is not about the network."""
    import small_run
    from pnet_tf import store

    monkeypatch.setattr(store, "build", small_run.build)


@pytest.fixture
def photo(tmp_path):
    from helpers import portrait, write_photo

    write_photo(tmp_path / "me.jpg", portrait(0)[0])
    return tmp_path / "me.jpg"


@pytest.fixture
def bench(tmp_path):
    """A stand-in for adb and a phone, see phone.Bench."""
    from phone import Bench

    return Bench(tmp_path)


@pytest.fixture
def bench_fails(bench, capsys):
    """Runs pnet-benchmark-android, which must end with 1 and one line on stderr, and returns that line."""

    def run(*flags: str) -> str:
        assert bench.run(*flags) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ") and error.count("\n") == 1, error
        return error

    return run
