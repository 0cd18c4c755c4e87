"""Which run a model directory holds, so that no other one goes on in it unnoticed."""

import dataclasses
import json
import pathlib
from typing import Any

from pnet_tf import config, files, store
from pnet_tf.data import mixture
from pnet_tf.errors import InputError

RUN = "run.json"


def _short(path: str) -> str:
    return f"{pathlib.Path(path).parent.name}/{pathlib.Path(path).name}"


def _wherever(files: dict[str, Any] | None) -> list[list[tuple[str, Any]]] | None:
    """What each folder holds, without its name, which may change."""
    if files is None:
        return None
    folders: dict[str, list[tuple[str, Any]]] = {}
    for short, value in files.items():
        folder, _, name = short.rpartition("/")
        folders.setdefault(folder, []).append((name, value))
    return sorted(sorted(one) for one in folders.values())


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run computes, on which records, and how it was called.

    Attributes:
      command: for the reader; it may change from one resumption to the next.
    """

    experiment: config.Experiment
    command: str
    training: mixture.Mixture
    validation: dict[str, list[str]]

    def _records(self) -> dict[str, dict[str, Any]]:
        """Files by name and size, since the same ones may lie elsewhere after a move; weights; names of sets."""
        validation = [path for paths in self.validation.values() for path in paths]
        kinds = {"training records": self.training.paths, "validation records": validation}
        found: dict[str, dict[str, Any]] = {
            kind: {_short(path): pathlib.Path(path).stat().st_size for path in paths} for kind, paths in kinds.items()
        }
        weights = {_short(path): group.weight for group in self.training.groups for path in group.paths}
        names = {_short(path): name for name, paths in self.validation.items() for path in paths}
        if set(weights.values()) != {1.0}:
            found["weights of the training records"] = weights
        if set(names.values()) != {""}:
            found["names of the validation sets"] = names
        return found

    def _changes(self, directory: pathlib.Path) -> list[str]:
        old, new = (dataclasses.asdict(one) for one in (store.read_config(directory), self.experiment))
        changes = [
            f"{name} was {old[section][name]}, is {value}"
            for section, values in new.items()
            for name, value in values.items()
            if old[section][name] != value
        ]
        if (directory / RUN).exists():  # a model that was copied without it has no records to compare
            try:
                before = dict(json.loads((directory / RUN).read_text())["records"])
            except (ValueError, KeyError, TypeError):
                raise InputError(f"{directory / RUN}: not what pnet-train wrote; remove it to go on") from None
            now = self._records()
            kinds = {**before, **now}
            changes += [f"other {one}" for one in kinds if _wherever(before.get(one)) != _wherever(now.get(one))]
        return changes

    def check(self, directory: pathlib.Path) -> None:
        """Raises InputError if the directory holds another run; lists what differs."""
        if not (directory / store.CONFIG).exists():
            return
        changes = self._changes(directory)
        if changes:
            raise InputError(
                f"{directory}: holds a run with other settings ({'; '.join(changes)}); give the same ones to go on, or "
                f"another directory, with --init_weights={directory} if it is to begin where this one is"
            )

    def write(self, directory: pathlib.Path) -> None:
        """Writes config.json and run.json."""
        files.write_text(directory / store.CONFIG, self.experiment.to_json())
        content = {"command": self.command, "records": self._records()}
        files.write_text(directory / RUN, json.dumps(content, indent=1) + "\n")
