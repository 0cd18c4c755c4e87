"""The tools as their command lines call them."""

import importlib


def run(tool: str, *arguments: str) -> int:
    return importlib.import_module(f"pnet_tf_tools.{tool}").main(list(arguments))


def fails(capsys, tool: str, *arguments: str) -> str:
    """Runs a tool that must exit with 1 and one line on stderr, which is returned."""
    capsys.readouterr()
    assert run(tool, *arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1, error
    return error
