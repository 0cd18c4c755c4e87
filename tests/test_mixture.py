"""Which records are drawn, how often and in which order: for training, validation and calibration."""

import collections

import numpy as np
import pytest

from pnet_tf import fields
from pnet_tf.data import mixture, pipeline
from pnet_tf.data import records as record_files
from pnet_tf.errors import InputError
from pnet_tf.export import calibration
from pnet_tf.metrics import masks
from tiny_runs import fit, tiny


def ids_of(patterns: str, start: int, batches: int, seed: int = 0) -> list[bytes]:
    data = pipeline.training_batches(mixture.parse(patterns), tiny(seed=seed), start)
    return [one for batch in data.take(batches).as_numpy_iterator() for one in batch[fields.RECORD_ID]]


def test_epochs_visit_every_record_once_in_another_order(records):
    seen = ids_of(records[0], 0, 6)
    assert len(set(seen[:12])) == len(set(seen[12:])) == 12
    assert seen[:12] != seen[12:]
    assert ids_of(records[0], 0, 6) == seen
    assert ids_of(records[0], 0, 6, seed=1) != seen


def test_a_later_start_continues_the_same_order(records):
    assert ids_of(records[0], 4, 2) == ids_of(records[0], 0, 6)[16:]


def test_weights_say_how_often_a_group_is_drawn(records):
    """12 records once, 4 others one and a half times: 18 an epoch, of which 16 fill batches of 4."""
    mixed = f"{records[0]},{records[1]}=1.5"
    drawn = mixture.parse(mixed)
    assert ([group.count for group in drawn.groups], drawn.drawn) == ([12, 4], 18)
    seen = ids_of(mixed, 0, 8)
    few = {record.id.encode() for record in record_files.read(record_files.find(records[1]))}
    for epoch in (seen[:16], seen[16:]):
        counts = collections.Counter(epoch)
        assert all(count == 1 for name, count in counts.items() if name not in few)
        assert 4 <= sum(counts[name] for name in few) <= 6  # two of the 18 wait
        assert max(counts[name] for name in few) <= 2
        assert 0 < np.mean([position for position, name in enumerate(epoch) if name in few]) < 15  # mixed, not in a row
    assert ids_of(mixed, 5, 3) == seen[20:]  # a resumed run draws what an unbroken one draws


def test_half_a_weight_draws_another_half_every_epoch(records):
    epochs = ids_of(f"{records[0]}=0.5", 0, 12)  # six of twelve, in batches of four: one batch an epoch
    assert all(len(set(epochs[start : start + 4])) == 4 for start in range(0, 48, 4))
    assert len(set(epochs)) == 12


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ("{0}=0", "its weight is 0"),
        ("{0}=0.01", "draws none of its 12"),
        ("{0},{0}=2", "named by two patterns"),
    ],
)
def test_mixtures_that_make_no_sense(records, patterns, words):
    with pytest.raises(InputError, match=words):
        mixture.parse(patterns.format(*records))


def test_several_validation_sets_are_scored_apart(small_network, records, tmp_path):
    named = f"one={records[1]},two={records[0]}"
    with pytest.raises(InputError, match="name all the sets"):
        mixture.validation_sets(f"{records[0]},{named}")
    with pytest.raises(InputError, match="two sets of one name"):
        mixture.validation_sets(f"one={records[0]},one={records[1]}")
    (entry,) = fit((records[0], named), tmp_path / "m", tiny(epochs=1))
    scores = [entry["sets"][name]["photo_size"][masks.BOUNDARY_IOU] for name in ("one", "two")]
    assert entry["photo_size"][masks.BOUNDARY_IOU] == pytest.approx(sum(scores) / 2)
    with pytest.raises(InputError, match="other names of the validation sets"):
        fit((records[0], f"uno={records[1]},two={records[0]}"), tmp_path / "m", tiny(epochs=1))
    with pytest.raises(InputError, match="other weights of the training records"):
        fit((f"{records[0]}=2", named), tmp_path / "m", tiny(epochs=1))


def test_a_later_start_borrows_the_same_backgrounds(records):
    """Across an epoch's end, too, whose next record has nobody before it."""
    drawn_from, settings = mixture.parse(records[0]), tiny(backdrop_share=0.7)
    whole = list(pipeline.training_batches(drawn_from, settings).take(6).as_numpy_iterator())
    for start in (1, 3, 4):
        (later,) = pipeline.training_batches(drawn_from, settings, start).take(1).as_numpy_iterator()
        assert np.array_equal(later[fields.CLEAN], whole[start][fields.CLEAN])
    (plain,) = pipeline.training_batches(drawn_from, tiny()).take(1).as_numpy_iterator()
    assert not np.array_equal(plain[fields.CLEAN], whole[0][fields.CLEAN])


def test_ranges_are_measured_on_photos_of_every_file(records):
    """One set of two must not fill the whole sample, nor the first of many files."""
    paths = record_files.find(records[0]) + record_files.find(records[1])
    firsts = [calibration.photos([path], tiny(), 1)[0] for path in paths]
    assert np.array_equal(calibration.photos(paths, tiny(), len(paths)), firsts)
    assert np.array_equal(calibration.photos(paths, tiny(), 2), [firsts[0], firsts[len(paths) // 2]])
    assert len(calibration.photos(paths, tiny())) == 16  # all that there are
