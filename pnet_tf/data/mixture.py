"""Which records training draws from, how often each, and on which sets it validates."""

import dataclasses
import re

from pnet_tf.data import records
from pnet_tf.errors import InputError

_WEIGHTED = re.compile(r"(?P<pattern>.+)=(?P<weight>\d+(\.\d+)?)")
_NAMED = re.compile(r"(?P<name>\w+)=(?P<pattern>.+)")


@dataclasses.dataclass(frozen=True)
class Group:
    """Records that are drawn alike.

    Attributes:
      paths: record files.
      count: records in them.
      weight: how often each is drawn an epoch, in the mean; 0.5 draws another half every epoch.
    """

    paths: tuple[str, ...]
    count: int
    weight: float = 1.0

    @property
    def drawn(self) -> int:
        """Records drawn an epoch."""
        return round(self.weight * self.count)


@dataclasses.dataclass(frozen=True)
class Mixture:
    """What an epoch is made of."""

    groups: tuple[Group, ...]

    @property
    def paths(self) -> list[str]:
        """All record files."""
        return [path for group in self.groups for path in group.paths]

    @property
    def drawn(self) -> int:
        """Records drawn an epoch."""
        return sum(group.drawn for group in self.groups)


def parse(patterns: str) -> Mixture:
    """`'eg/train-*=2,things/train-*=0.5'` → its files, counted; patterns without a weight have 1 and are one group.

    Raises:
      InputError: a weight that draws nothing, a file that two patterns match, and as `records.find` and
        `records.count`.
    """
    plain: list[str] = []
    weighted: list[tuple[list[str], float]] = []
    for part in patterns.split(","):
        match = _WEIGHTED.fullmatch(part)
        if match:
            weighted.append((records.find(match["pattern"]), float(match["weight"])))
        else:
            plain += records.find(part)
    made = [(plain, 1.0), *weighted] if plain else weighted
    seen: set[str] = set()
    for paths, weight in made:
        if seen & set(paths):
            raise InputError(f"{min(seen & set(paths))}: named by two patterns; give it one weight")
        seen |= set(paths)
        if not weight:
            raise InputError(f"{paths[0]}: its weight is 0; leave it out, or give it one")
    mixture = Mixture(tuple(Group(tuple(paths), records.count(paths), weight) for paths, weight in made))
    for group in mixture.groups:
        if not group.drawn:
            raise InputError(f"{group.paths[0]}: weight {group.weight:g} draws none of its {group.count} records")
    return mixture


def validation_sets(patterns: str) -> dict[str, list[str]]:
    """`'eg=eg/val-*,ccp=ccp/val-*'` → name → record files; patterns without a name are one set of the name "".

    Raises:
      InputError: some patterns with a name and some without, a name that stands twice, and as `records.find`.
    """
    matches = [_NAMED.fullmatch(part) for part in patterns.split(",")]
    if not any(matches):
        return {"": records.find(patterns)}
    if not all(matches):
        raise InputError(f"{patterns}: name all the sets, name=pattern, or none")
    names = [match["name"] for match in matches]
    if len(set(names)) < len(names):
        raise InputError(f"{patterns}: two sets of one name")
    return {match["name"]: records.find(match["pattern"]) for match in matches}
