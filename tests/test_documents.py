"""The documents are true: commands parse, links lead somewhere, tables and trees are what is there."""

import importlib
import pathlib
import re
import shlex

import pytest
from absl import flags

from pnet_tf import presets
from pnet_tf_tools import tables

ROOT = pathlib.Path(__file__).resolve().parents[1]
GUIDES = ("README.md", "BUILD.md")
DOCUMENTS = (*GUIDES, "pnet_tf/assets/README.md", "pnet_tf/assets/LAB.md")
SETUP = (ROOT / "setup.py").read_text()
MODULES = dict(re.findall(r'"([\w-]+)(?:=(\w+))?",', re.search(r"COMMANDS = \[(.*?)\]", SETUP, re.DOTALL)[1]))
"""Command without pnet- → the file in tools/ where that has another name."""


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def commands(text: str) -> list[str]:
    """The lines of the text's shell blocks, continued ones joined, and the commands with flags among its words."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in re.sub(r"\\\n", " ", block).splitlines()]
    words = re.findall(
        r"`((?:pnet-|make |pip install |python tools/)[^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    )
    return [line for line in lines if line] + [" ".join(word.split()) for word in words]


def told(text: str) -> list[list[str]]:
    """Each command of ours as its words, without comments, variables and what a shell makes of it."""
    found = []
    for line in commands(text):
        for part in re.split(r";|\|(?!\S)", line.replace("$split", "train")):
            words = shlex.split(part, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words:
                found.append(words)
    return found


def parse(words: list[str], whole: bool) -> None:
    """Parses a pnet- command; raises flags.Error for what its tool would refuse."""
    name = words[0].removeprefix("pnet-")
    assert name in MODULES, f"{words[0]}: no such command"
    tool = importlib.import_module(f"pnet_tf_tools.{MODULES[name] or name}")
    values = tool.FLAGS
    values.unparse_flags()
    for one in values:
        values[one].unparse()
    given = [word for word in words[1:] if word not in ("…", "--help")]
    required = [one for one in values if values[one].value is None and _is_required(values, one)]
    absent = [] if whole else [f"--{one}=x" for one in required if not any(w.startswith(f"--{one}") for w in given)]
    values.set_gnu_getopt(name == "segment")  # which takes photos without a flag
    rest = values([words[0], *given, *absent])[1:]
    assert not rest or name == "segment", f"{' '.join(words)}: {rest[0]} is no flag"
    if "preset" in values and values["preset"].present:
        presets.get(values.preset)


def _is_required(values: flags.FlagValues, name: str) -> bool:
    try:
        values.validate_all_flags()
    except flags.IllegalFlagValueError as error:
        return f"--{name}" in str(error)
    return False


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_parses(name):
    seen = 0
    for words in told(text_of(name)):
        if words[0].startswith("pnet-"):
            seen += 1
            # Among words a command may stand without what a sentence says already.
            parse(words, whole=False)
    assert seen or name == "pnet_tf/assets/README.md"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_targets_tools_and_extras_exist(name):
    targets = set(re.findall(r"^([\w-]+):", text_of("Makefile"), re.MULTILINE))
    extras = set(re.findall(r'^        "(\w+)": ', SETUP, re.MULTILINE))
    for words in told(text_of(name)):
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets, words
        elif words[0] == "python" and words[1].startswith("tools/"):
            assert (ROOT / words[1]).is_file(), words
        elif words[:2] == ["pip", "install"]:
            for asked in re.findall(r"\[([\w,]+)\]", " ".join(words)):
                assert set(asked.split(",")) <= extras, words


def test_every_flag_that_is_named_exists():
    """In running text, too: `--boundary_weight`, and `--notensorboard` for a switch."""
    known = set()
    for name, module in MODULES.items():
        known |= set(importlib.import_module(f"pnet_tf_tools.{module or name}").FLAGS)
    theirs = {"logdir", "help"}  # of TensorBoard, and of every command
    for name in GUIDES:
        for flag in re.findall(r"(?<![\w-])--([a-z_]+)", text_of(name)):
            assert flag in known | theirs or flag.removeprefix("no") in known, f"{name}: --{flag}"


def headings(text: str) -> set[str]:
    """Anchors as GitHub makes them of headings."""
    found = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_files_resolve(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(name)):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        assert file.exists(), f"{name}: {target}"
        if anchor:
            assert anchor in headings(file.read_text()), f"{name}: {target}"


def test_the_tree_in_the_guide_is_the_tree():
    """Every room, and nothing that is not there."""
    (block,) = re.findall(r"^```\n(README\.md.*?)^```$", text_of("BUILD.md"), re.MULTILINE | re.DOTALL)
    listed, above = set(), ""
    for line in block.splitlines():
        names = re.match(r" *((?:[\w.]+[/]?, )*[\w.]+/?)", line)[1].split(", ")
        above = above if line.startswith(" ") else names[0]
        listed |= {f"{above}{name}" if line.startswith(" ") else name for name in names}
    for path in listed:
        assert (ROOT / path).exists(), path
    there = {f"pnet_tf/{one.name}/" for one in (ROOT / "pnet_tf").iterdir() if (one / "__init__.py").exists()}
    there |= {f"pnet_tf/{one.name}" for one in (ROOT / "pnet_tf").glob("*.py") if one.name != "__init__.py"}
    assert there <= listed, there - listed


@pytest.mark.parametrize("name", tables.DOCUMENTS)
def test_tables_are_those_of_the_results(name):
    """`make tables` makes them."""
    text = text_of(name)
    assert tables.filled(text) == text
    assert len(tables.MARKED.findall(text)) == text.count("<!-- table: ") == text.count("<!-- /table -->")


def test_readme_has_no_figure_that_was_written_by_hand():
    """IoUs and times have two decimals, as versions of Python do; they stand in tables made of the results."""
    prose = tables.MARKED.sub("", text_of("README.md")).partition("## Results")[2]
    assert prose and not re.findall(r"\d+\.\d\d", prose)


def test_results_say_where_they_come_from():
    for path in tables.RESULTS.glob("*.json"):
        told = tables.read(path.stem)
        assert told["command"].startswith(("pnet-", "python tools/", "node tools/")) and told["processor"]["name"], path
        assert not re.search(r"""[="'\s]/\w""", told["command"]), f"{path}: a place on somebody's machine"


def test_the_guide_is_short():
    assert len(text_of("BUILD.md").splitlines()) <= 450
