import importlib.util
import pathlib

import pytest


@pytest.fixture(scope="session", autouse=True)
def unoptimised_graphs() -> None:
    """Graphs of these tests run a few steps each, and optimising them costs more than it wins; child processes do."""
    if importlib.util.find_spec("tensorflow") is None:  # tests/mediapipe
        return
    from pnet_tf.stack import tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="session")
def records(tmp_path_factory) -> tuple[str, str]:
    """Glob patterns of 12 training and 4 validation records."""
    from helpers import write_records

    return write_records(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def trained(records, tmp_path_factory) -> pathlib.Path:
    """A model directory of preset tiny, two epochs."""
    from pnet_tf_tools import train

    directory = tmp_path_factory.mktemp("model") / "tiny"
    status = train.main(
        [f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={directory}", "--preset=tiny"]
    )
    assert status == 0
    return directory


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
