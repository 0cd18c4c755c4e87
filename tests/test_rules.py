"""The house rules: who imports whom, where flags and prints may stand. The lists of exceptions may only shrink."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
LEAVES = {"config", "errors", "fields", "files", "grid", "quiet", "resize", "stack"}
LIGHT = LEAVES - {"stack", "config"}
"""What needs no TensorFlow."""
MAY_IMPORT = {
    "__init__": {"errors", "runtime"},
    **{leaf: LEAVES for leaf in LEAVES},
    "presets": {"config", "errors"},
    "pictures": {"errors", "files"},
    "cutout": set(),  # NumPy and OpenCV alone
    "metrics": LIGHT,
    "losses": LEAVES,
    "data": LEAVES | {"pictures"},
    "model": LEAVES | {"pictures"},
    "quantize": LEAVES | {"model"},
    "store": LEAVES | {"model", "quantize"},
    "runtime": LIGHT | {"cutout", "pictures"},
    "video": LIGHT | {"cutout", "metrics", "pictures", "runtime"},
    "benchmark": LIGHT | {"cutout", "runtime", "video"},
    "evaluation": LIGHT | {"cutout", "metrics", "runtime"},
    "worst": LIGHT | {"evaluation", "metrics"},
    "training": LEAVES | {"model", "data", "losses", "metrics", "store", "evaluation"},
    "ablation": LEAVES
    | {"training", "evaluation", "data", "metrics", "model", "store", "presets"}
    | {"benchmark", "export", "runtime", "worst"},
    "export": LEAVES | {"quantize", "model", "data", "metrics", "runtime", "benchmark"},
}
TFRECORDS_MAY_IMPORT = {"data", "errors", "fields", "files", "metrics", "pictures", "runtime", "stack"}
TFRECORDS_MAY_IMPORT_OF = {"data": {"inspection", "records"}, "runtime": {"peer"}}
"""Of these rooms not everything."""
STARTS_WITHOUT_TENSORFLOW = ("runtime", "video", "cutout", "pictures", "benchmark", "metrics")


def modules(folder: str) -> list[pathlib.Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def room(path: pathlib.Path) -> str:
    return path.relative_to(ROOT / "pnet_tf").parts[0].removesuffix(".py")


def imported_names(path: pathlib.Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_rooms(path: pathlib.Path) -> set[str]:
    return {name.split(".")[1] for name in imported_names(path) if name.startswith("pnet_tf.")}


@pytest.mark.parametrize("path", modules("pnet_tf"), ids=lambda path: str(path.relative_to(ROOT)))
def test_library_imports_only_to_the_right(path):
    assert room(path) in MAY_IMPORT, f"{room(path)}: no such room; its place stands in MAY_IMPORT"
    assert imported_rooms(path) - {room(path)} <= MAY_IMPORT[room(path)]
    assert not {name for name in imported_names(path) if name.split(".")[0] in ("tfrecords", "pnet_tf_tools", "tools")}


@pytest.mark.parametrize("path", modules("tfrecords"), ids=lambda path: path.name)
def test_tfrecords_imports_only_the_schema(path):
    assert imported_rooms(path) <= TFRECORDS_MAY_IMPORT
    for room_name, allowed in TFRECORDS_MAY_IMPORT_OF.items():
        taken = {name.split(".")[2] for name in imported_names(path) if name.startswith(f"pnet_tf.{room_name}.")}
        assert taken <= allowed


@pytest.mark.parametrize("path", modules("pnet_tf") + modules("tfrecords"), ids=lambda p: str(p.relative_to(ROOT)))
def test_library_has_no_flags_prints_or_argv(path):
    names = {name.split(".")[0] for name in imported_names(path)}
    assert "absl" not in names
    tree = ast.parse(path.read_text())
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "print" not in calls
    assert "argv" not in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_only_stack_imports_tensorflow():
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in modules("pnet_tf") + modules("tfrecords") + modules("tools")
        if {"tensorflow", "tf_keras", "keras"} & {name.split(".")[0] for name in imported_names(path)}
    }
    assert importers == {"pnet_tf/stack.py"}


def test_nothing_loads_pickles():
    for path in modules("pnet_tf") + modules("tfrecords") + modules("tools"):
        assert not {"pickle", "joblib", "dill"} & imported_names(path)
        assert "allow_pickle=True" not in path.read_text()


def test_settings_are_imported_one_way():
    """As `pnet_tf.config`, whose files are its own business."""
    for path in modules("pnet_tf") + modules("tfrecords") + modules("tools") + modules("tests"):
        if path.parent != ROOT / "pnet_tf/config":
            inside = {name for name in imported_names(path) if name.startswith("pnet_tf.config.")}
            assert not {name for name in inside if (ROOT / f"{name.replace('.', '/')}.py").exists()}, path


def test_what_runs_files_starts_without_tensorflow():
    names = [
        f"pnet_tf.{name}.{path.stem}"
        for name in STARTS_WITHOUT_TENSORFLOW
        for path in modules(f"pnet_tf/{name}")
        if path.stem not in ("__init__", "tradeoff")  # which draws with matplotlib
    ]
    code = f"import sys, {', '.join(names)}; sys.exit(bool({{'tensorflow', 'keras', 'matplotlib'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


LONGEST_FILE = 300
LONGEST_FUNCTION = 60
"""Lines; of a function those of code, without its docstring, comments and blank lines."""
LONGER: dict[str, str] = {}
"""File, or file::function → the reason why it is longer."""


def lines_of_code(function: ast.FunctionDef, source: list[str]) -> int:
    first = function.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    inside = set(range(first.lineno, first.end_lineno + 1)) if told else set()
    lines = range(function.lineno, function.end_lineno + 1)
    return sum(1 for n in lines if n not in inside and source[n - 1].strip() and source[n - 1].strip()[0] != "#")


def test_no_file_and_no_function_is_too_long():
    found = {}
    for path in [one for folder in ("pnet_tf", "tfrecords", "tools", "tests") for one in modules(folder)]:
        source, name = path.read_text().splitlines(), path.relative_to(ROOT).as_posix()
        if len(source) > LONGEST_FILE:
            found[name] = len(source)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and lines_of_code(node, source) > LONGEST_FUNCTION:
                found[f"{name}::{node.name}"] = lines_of_code(node, source)
    assert found.keys() == LONGER.keys(), found
