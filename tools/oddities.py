"""What pnet-check sees, in words; pnet-convert says the same of what it wrote."""

import collections
from collections.abc import Sequence

import numpy as np

from pnet_tf.data import inspection
from pnet_tf_tools import jobs


def tell(name: str, looked: Sequence[inspection.Looked]) -> None:
    """How many, how large, how much of people, and what looks odd, of one set."""
    shares, sides = [one.share for one in looked], [max(one.height, one.width) for one in looked]
    print(
        f"{name or 'records'}: {len(looked)} photos, longer side {min(sides)} to {max(sides)} pixels, people on "
        f"{100 * np.mean(shares):.1f} % of a photo ({100 * min(shares):.1f} to {100 * max(shares):.1f})"
    )
    kinds = collections.defaultdict(list)
    for one in looked:
        for finding in one.findings:
            kinds[finding.split(" by ")[0] if "shifted" in finding else finding].append(one.id)
    for kind, ids in sorted(kinds.items(), key=lambda pair: -len(pair[1])):
        print(f"  {len(ids)} × {kind}: {jobs.listed(ids)}")


def tell_pairs(pairs: Sequence[tuple[inspection.Looked, inspection.Looked]]) -> None:
    """Photos that are there twice, by the sets that they are in."""
    by_sets = collections.defaultdict(list)
    for first, second in pairs:
        by_sets[first.group, second.group].append(f"{first.id} and {second.id}")
    for (one, other), told in by_sets.items():
        where = f"within {one or 'the records'}" if one == other else f"in {one} and in {other}"
        print(f"{len(told)} × one photo twice {where}: {jobs.listed(told)}")
