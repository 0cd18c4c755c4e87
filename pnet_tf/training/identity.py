"""Which run a model directory holds, so that no other one goes on in it unnoticed."""

import dataclasses
import json
import pathlib

from pnet_tf import config, files, store
from pnet_tf.errors import InputError

RUN = "run.json"


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run computes, on which records, and how it was called.

    Attributes:
      command: for the reader; it may change from one resumption to the next.
    """

    experiment: config.Experiment
    command: str
    train_paths: list[str]
    validation_paths: list[str]

    def _records(self) -> dict[str, dict[str, int]]:
        """Files by name and size: the same ones may lie elsewhere after a move."""
        kinds = {"training records": self.train_paths, "validation records": self.validation_paths}
        return {
            kind: {f"{path.parent.name}/{path.name}": path.stat().st_size for path in map(pathlib.Path, paths)}
            for kind, paths in kinds.items()
        }

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
            changes += [f"other {kind}" for kind, found in self._records().items() if before.get(kind) != found]
        return changes

    def check(self, directory: pathlib.Path) -> None:
        """Raises InputError if the directory holds another run; lists what differs."""
        if not (directory / store.CONFIG).exists():
            return
        changes = self._changes(directory)
        if changes:
            raise InputError(
                f"{directory}: holds a run with other settings ({'; '.join(changes)}); "
                "give the same ones to go on, or another directory"
            )

    def write(self, directory: pathlib.Path) -> None:
        """Writes config.json and run.json."""
        files.write_text(directory / store.CONFIG, self.experiment.to_json())
        content = {"command": self.command, "records": self._records()}
        files.write_text(directory / RUN, json.dumps(content, indent=1) + "\n")
