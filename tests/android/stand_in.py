"""Stands in for adb and the phone behind it: replays what scenario.json beside it says, and writes down every call."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
SCENARIO = json.loads((HERE / "scenario.json").read_text())


def end(answer: dict) -> None:
    """Prints the answer as the real tool would and leaves with its status."""
    sys.stdout.write(answer.get("out", ""))
    sys.stderr.write(answer.get("err", ""))
    sys.exit(answer.get("status", 0))


arguments = sys.argv[1:]
with open(HERE / "calls.jsonl", "a") as log:
    log.write(json.dumps(arguments) + "\n")
if arguments[:1] == ["-s"]:
    arguments = arguments[2:]
verb, words = arguments[0], arguments[-1]
if verb != "shell":
    end(SCENARIO[verb])
elif "--graph" in words:
    run = "gpu" if "--use_gpu=true" in words else "cpu"
    end(SCENARIO.get(f"{run} profile", SCENARIO[run]) if "--enable_op_profiling" in words else SCENARIO[run])
else:
    end(next((answer for start, answer in SCENARIO["shell"].items() if words.startswith(start)), {}))
