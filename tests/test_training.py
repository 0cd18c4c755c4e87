import collections
import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

import small_run
from pnet_tf import config, evaluation, fields, presets, store
from pnet_tf.data import mixture, pipeline
from pnet_tf.data import records as record_files
from pnet_tf.errors import InputError
from pnet_tf.export import calibration
from pnet_tf.losses.objective import objective
from pnet_tf.metrics import masks
from pnet_tf.model import portraitnet, weights
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.stack import keras, tf
from pnet_tf.training import benchmark, loop, optimizer, phases, summaries
from pnet_tf.training.step import both_views, make_step
from pnet_tf_tools import runs, train


def tiny(**values) -> config.Experiment:
    return presets.get("tiny").replace(**values)


def fit(records, directory, experiment, **options):
    training, validation = mixture.parse(records[0]), mixture.validation_sets(records[1])
    return loop.fit(training, validation, directory, experiment, **options)


def batch_of(size: int = 64, count: int = 2) -> dict:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (count, size, size, 3)).astype(np.uint8)
    half = np.zeros((count, size, size), np.uint8)
    half[:, size // 2 :] = 1
    names = (fields.CLEAN, fields.TEXTURED, fields.MASK, fields.BOUNDARY)
    return {name: tf.constant(value) for name, value in zip(names, (photo, photo, half, half), strict=True)}


@pytest.fixture
def small_network(monkeypatch):
    """A network of a few layers, which traces in no time, for what is not about the network."""
    monkeypatch.setattr(store, "build", small_run.build)


@pytest.fixture
def eagerly():
    """Runs without tracing, which takes longer than a handful of steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_what_is_on_disk_after_training(trained):
    model, experiment = store.load(trained)
    assert experiment == presets.get("tiny")
    history = json.loads((trained / "history.json").read_text())
    assert [entry["step"] for entry in history] == [3, 6]  # 12 records at batch 4, two epochs
    assert {"loss", "mask_loss", "boundary_loss", "consistency_loss", "network_size", "photo_size"} <= set(history[0])
    assert sorted(path.name for path in (trained / "checkpoints").glob("*.index")) == ["step-3.index", "step-6.index"]
    assert KerasNetwork(model)(np.zeros((64, 64, 3), np.uint8)).shape == (64, 64)


def test_a_finished_run_goes_on_to_nothing(records, trained, tmp_path):
    directory = shutil.copytree(trained, tmp_path / "finished")
    assert len(fit(records, directory, presets.get("tiny"))) == 2
    assert (directory / "weights.npz").read_bytes() == (trained / "weights.npz").read_bytes()


def test_a_model_without_checkpoint_is_not_trained_over(records, trained, tmp_path):
    """An imported or copied model; a run whose checkpoints somebody removed."""
    for kept in (("config.json", "weights.npz"), ("config.json", "weights.npz", "run.json", "history.json")):
        directory = tmp_path / str(len(kept))
        directory.mkdir()
        for name in kept:
            shutil.copy(trained / name, directory)
        with pytest.raises(InputError, match="holds a model and no checkpoint"):
            fit(records, directory, presets.get("tiny"))
        assert (directory / "weights.npz").read_bytes() == (trained / "weights.npz").read_bytes()


@pytest.mark.parametrize("name", ["history.json", "run.json"])
def test_a_broken_file_of_the_run_is_named(records, trained, tmp_path, name):
    directory = shutil.copytree(trained, tmp_path / "broken")
    (directory / name).write_text("{")
    with pytest.raises(InputError, match=f"{name}: not what pnet-train wrote"):
        fit(records, directory, presets.get("tiny"))


def test_other_settings_in_the_same_directory_are_listed(records, trained):
    with pytest.raises(InputError, match=r"learning_rate was 0\.001, is 0\.01"):
        fit(records, trained, tiny(learning_rate=0.01))


def test_resumed_run_equals_an_unbroken_one(small_network, records, tmp_path):
    """Stopped in the middle of the second epoch and started again: the same weights to the bit."""
    experiment = tiny(epochs=3, ema_decay=0.9)
    fit(records, tmp_path / "whole", experiment)

    class Stop(Exception):
        pass

    def stop(done, _):
        if done == 5:
            raise Stop

    with pytest.raises(Stop):
        fit(records, tmp_path / "broken", experiment, watchers=loop.Watchers(on_step=stop))
    fit(records, tmp_path / "broken", experiment)
    for name in ("step-9.index", "step-9.data-00000-of-00001"):
        assert (tmp_path / "broken/checkpoints" / name).exists()
    states = [tf.train.load_checkpoint(str(tmp_path / run / "checkpoints/step-9")) for run in ("whole", "broken")]
    names = [name for name in states[0].get_variable_to_shape_map() if "save_counter" not in name]
    numeric = [name for name in names if "CHECKPOINTABLE_OBJECT_GRAPH" not in name]
    assert len(numeric) > 20
    for name in numeric:
        assert np.array_equal(states[0].get_tensor(name), states[1].get_tensor(name)), name


def test_batch_larger_than_the_set(records, tmp_path):
    with pytest.raises(InputError, match=r"batch_size=64.*12 records"):
        fit(records, tmp_path / "model", tiny(batch_size=64))


def test_a_loss_that_is_not_finite_names_the_records(small_network, records, tmp_path):
    def poison(model):
        model.get_layer(portraitnet.MASK_HEAD).bias.assign([np.nan, 0.0])

    with pytest.raises(InputError, match=r"step 1: the loss is not finite.*p0\d\d, p0"):
        fit(records, tmp_path / "model", tiny(), initialise=poison)


@pytest.mark.parametrize(
    ("split", "spoilt", "what"),
    [
        ("train", "image_bytes", "photo"),
        ("train", "mask_bytes", "mask"),
        ("train", "teacher_bytes", "teacher"),
        ("val", "image_bytes", "photo"),
        ("val", "mask_bytes", "mask"),
    ],
)
def test_a_record_that_cannot_be_decoded_is_named(small_network, records, tmp_path, split, spoilt, what):
    """As records that another program wrote may be."""
    whole = list(record_files.read(record_files.find(records[split == "val"])))
    whole[0] = dataclasses.replace(whole[0], **{spoilt: b"no picture"})
    path = str(tmp_path / "by_hand.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for one in whole:
            writer.write(record_files.serialize(one))
    files = [path if name == split else record_files.find(records[name == "val"])[0] for name in ("train", "val")]
    with pytest.raises(InputError) as caught:
        fit(files, tmp_path / "m", tiny())
    line = f"record {whole[0].id}: its {what} cannot be decoded; convert the photos again with pnet-convert"
    assert str(caught.value) == line
    if spoilt == "image_bytes":
        with pytest.raises(InputError) as caught:
            calibration.photos([path], tiny())
        assert str(caught.value) == line


def test_ranges_are_measured_on_photos_of_every_file(records):
    """One set of two must not fill the whole sample, nor the first of many files."""
    paths = record_files.find(records[0]) + record_files.find(records[1])
    firsts = [calibration.photos([path], tiny(), 1)[0] for path in paths]
    assert np.array_equal(calibration.photos(paths, tiny(), len(paths)), firsts)
    assert np.array_equal(calibration.photos(paths, tiny(), 2), [firsts[0], firsts[len(paths) // 2]])
    assert len(calibration.photos(paths, tiny())) == 16  # all that there are


def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(records, trained, tmp_path):
    directory = tmp_path / "damaged"
    shutil.copytree(trained, directory)
    (directory / "checkpoints/step-6.data-00000-of-00001").write_bytes(b"cut off")
    started, notes = [], []
    watchers = loop.Watchers(on_start=lambda done, _: started.append(done), on_note=notes.append)
    fit(records, directory, presets.get("tiny"), watchers=watchers)
    assert started == [3]
    assert len(notes) == 1 and "step-6" in notes[0]


def test_a_newest_checkpoint_whose_files_are_gone(small_network, records, tmp_path):
    experiment = tiny(epochs=2)
    fit(records, tmp_path / "m", experiment)
    for path in (tmp_path / "m/checkpoints").glob("step-6*"):
        path.unlink()
    started = []
    fit(records, tmp_path / "m", experiment, watchers=loop.Watchers(on_start=lambda done, _: started.append(done)))
    assert started == [3]


def test_a_kill_within_the_first_save_does_not_cost_the_first_weights(records, tmp_path):
    """The folder and a part of a checkpoint are there, no whole one: the run starts from --init_weights again."""
    (tmp_path / "model/checkpoints").mkdir(parents=True)
    (tmp_path / "model/checkpoints/step-3.data-00000-of-00001.tempstate1").write_bytes(b"cut off")
    (tmp_path / "model/checkpoints/step-3.index").write_bytes(b"whole, but not yet listed")

    class Called(Exception):
        pass

    def initialise(_):
        raise Called

    with pytest.raises(Called):
        fit(records, tmp_path / "model", tiny(), initialise=initialise)


def test_steps_learn_one_batch_by_heart():
    model = portraitnet.build(tiny().model)
    step = make_step(model, keras.optimizers.Adam(3e-3), tiny())
    losses = [float(step(batch_of())[fields.LOSS_TOTAL]) for _ in range(30)]
    assert losses[-1] < 0.3 * losses[0]


def test_weight_decay_is_added_to_the_gradient(eagerly):
    """With plain gradient descent of rate 1, decay λ takes exactly λ·w more off a weight."""
    after = []
    for decay in (0.0, 0.25):
        keras.utils.set_random_seed(0)
        model = portraitnet.build(tiny().model)
        before = model.get_layer("Conv1").kernel.numpy()
        make_step(model, keras.optimizers.SGD(1.0), tiny(weight_decay=decay))(batch_of())
        after.append(model.get_layer("Conv1").kernel.numpy())
    tf.random.set_seed(None)
    assert np.abs((after[0] - after[1]) - 0.25 * before).max() < 1e-5


def test_the_teachers_answer_stands_in_for_that_of_the_records(eagerly):
    model, batch, asked = portraitnet.build(tiny().model), batch_of(), []

    def filled(value: int) -> tf.Tensor:
        return tf.fill(batch[fields.MASK].shape, tf.constant(value, tf.uint8))

    def teacher(views: tf.Tensor) -> tf.Tensor:
        asked.append(views)
        return filled(255)

    def loss(stored: int, teacher=None) -> float:
        step = make_step(model, keras.optimizers.SGD(0.0), tiny(distillation_weight=1.0), teacher=teacher)
        return float(step({**batch, fields.TEACHER: filled(stored)})[fields.LOSS_DISTILLATION])

    assert loss(0, teacher) == pytest.approx(loss(255), rel=1e-5) != pytest.approx(loss(0), rel=1e-2)
    assert np.array_equal(asked[0], batch[fields.CLEAN])


def test_averaged_weights_follow_with_a_short_memory_at_first(eagerly):
    model, averaged = (portraitnet.build(tiny().model) for _ in range(2))
    averaged.set_weights(model.get_weights())
    start = model.get_layer("Conv1").kernel.numpy()
    make_step(model, keras.optimizers.Adam(1e-2), tiny(ema_decay=0.99), averaged)(batch_of())
    moved, mean = (one.get_layer("Conv1").kernel.numpy() for one in (model, averaged))
    # After the first step the decay is (1 + 1)/(10 + 1).
    assert np.abs(mean - (2 / 11 * start + 9 / 11 * moved)).max() < 1e-6


@pytest.mark.parametrize(
    ("schedule", "epoch", "expected"),
    [
        ("paper", 0, 1e-3),
        ("paper", 20, 0.95e-3),  # section 4.3: lr · 0.95^(epoch/20)
        ("paper", 10, 1e-3 * 0.95**0.5),
        ("paper_steps", 19.8, 1e-3),
        ("paper_steps", 45, 1e-3 * 0.95**2),
        ("cosine", 50, 0.5e-3),
        ("cosine", 100, 0.0),
        ("constant", 77, 1e-3),
    ],
)
def test_learning_rate(schedule, epoch, expected):
    settings = config.Training(epochs=100, schedule=schedule)
    assert float(optimizer.Schedule(settings, 5)(epoch * 5)) == pytest.approx(expected, abs=1e-9)


def test_warm_up_is_linear():
    rate = optimizer.Schedule(config.Training(schedule="constant", warmup_steps=4), 5)
    assert [float(rate(step)) for step in range(5)] == pytest.approx([0.25e-3, 0.5e-3, 0.75e-3, 1e-3, 1e-3])


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


def test_the_step_computes_what_the_plain_way_computes():
    """Loss and gradients of one pass over both views equal those of a pass for each and softmax losses."""
    model, experiment, batch = portraitnet.build(tiny().model), tiny(), batch_of()
    batch[fields.TEXTURED] = batch[fields.TEXTURED] // 2
    variables = model.trainable_variables

    def frozen(photos, training):  # in training, batch norm would see other batches
        return model(photos, training=False)

    with tf.GradientTape(persistent=True) as tape:
        ours = objective(*both_views(frozen, batch), batch, experiment.loss)[fields.LOSS_TOTAL]
        views = (fields.CLEAN, fields.TEXTURED)
        outputs = [model(tf.cast(batch[view], tf.float32), training=False) for view in views]
        plain = benchmark.plain_objective(outputs, batch, experiment.loss)
    assert float(ours) == pytest.approx(float(plain), rel=1e-5)
    for mine, theirs in zip(tape.gradient(ours, variables), tape.gradient(plain, variables), strict=True):
        assert np.abs(mine - theirs).max() <= 1e-4 * max(1e-3, np.abs(theirs).max())


def test_weights_of_another_network_with_the_same_shapes_are_noted(tmp_path, capsys):
    """At width 1 the finest skip has no weight of its own that would tell the two networks apart."""
    source = config.Experiment().replace(input_height=64, input_width=64, finest_skip=2)
    store.save(store.build(source), source, tmp_path / "a")
    for settings, lines in (
        (source.replace(input_width=96), []),
        (
            source.replace(finest_skip=4),
            [f"note: the weights in {tmp_path / 'a'} were trained with finest_skip=2; this network has finest_skip=4"],
        ),
    ):
        runs.load_first(store.build(settings), tmp_path / "a", settings.model)
        assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.parametrize(
    "settings, target, changed",
    [
        (config.Model(width=0.35, input_height=64, input_width=64), {"head_rate": 2}, ["kernel", "bias"]),
        (config.Model(network="reference", width=0.5, input_height=64, input_width=64), {}, []),
    ],
    ids=["full-rate heads", "reference"],
)
def test_a_model_directory_gives_first_weights(settings, target, changed, tmp_path):
    """All as they are, but for heads that are rewritten."""
    source = config.Experiment(model=settings)
    model = store.build(source)
    store.save(model, source, tmp_path)
    experiment = source.replace(**target)
    started = store.build(experiment)
    runs.load_first(started, tmp_path, experiment.model)
    before, after = (weights.named_variables(one) for one in (model, started))
    heads = {f"{head}/{name}" for head in ("mask_head", "boundary_head") for name in changed}
    assert {name for name in before if before[name].shape != after[name].shape} == heads
    assert all(np.array_equal(before[name], after[name]) for name in before.keys() - heads)


def test_a_device_without_memory_is_one_line(small_network, monkeypatch, records, tmp_path, capsys):
    def full(*_):
        def step(batch):
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

        return step

    monkeypatch.setattr(loop, "make_step", full)
    flags = [f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path}/model"]
    assert train.main([*flags, "--preset=tiny", "--notensorboard"]) == 1
    error = capsys.readouterr().err
    assert "error: the device has too little memory" in error and "Traceback" not in error


def test_the_benchmark_refuses_what_the_plain_step_cannot_do(records, capsys):
    for flags in (["--preset=authors"], ["--distillation_weight=1"], ["--boundary_emphasis=1"]):
        arguments = ["--preset=tiny", *flags, "--batch_size=4", "--benchmark_steps=4", f"--records={records[0]}"]
        assert train.main(arguments) == 1 and "the plain step knows" in capsys.readouterr().err
    assert train.main(["--preset=tiny", "--benchmark_steps=4", f"--records={records[0]}", "--json=a.txt"]) == 1


def test_the_benchmark_times_both_kinds(small_network, records, tmp_path):
    arguments = ["--preset=tiny", "--benchmark_steps=4", f"--records={records[0]}", f"--json={tmp_path / 'b.json'}"]
    assert train.main(arguments) == 0
    found = json.loads((tmp_path / "b.json").read_text())
    assert found["steps"] == 4
    assert 0 < found["input_wait_share"] < 1
    assert found["ratio"] == pytest.approx(found["seconds_per_step"] / found["plain_seconds_per_step"])


def test_phases_on_paper():
    """10 epochs of 5 steps: 32 until epoch 2, 64 until 6, then 96; the encoder rests for 4."""
    experiment = tiny(
        epochs=10, progressive_sizes="32:2,64:6", frozen_encoder_epochs=4, input_height=96, input_width=192
    )
    found = [(one.start, one.end, one.height, one.width, one.encoder_frozen) for one in phases.plan(experiment, 5)]
    assert found == [
        (0, 10, 32, 64, True),
        (10, 20, 64, 128, True),
        (20, 30, 64, 128, False),
        (30, 50, 96, 192, False),
    ]


@pytest.mark.parametrize("text", ["64", "64:2,", "60:2", "64:4,96:2", "64:0", "a:b"])
def test_progressive_sizes_are_checked(text):
    with pytest.raises(InputError, match="progressive_sizes"):
        tiny(progressive_sizes=text)


def test_progressive_width_must_fit():
    with pytest.raises(InputError, match="gives no width"):
        phases.plan(tiny(input_height=160, input_width=288, progressive_sizes="96:1"), 5)
    with pytest.raises(InputError, match="none is left at full size"):
        phases.plan(tiny(epochs=2, progressive_sizes="32:2"), 5)


def test_sizes_grow_and_the_encoder_rests(small_network, records, tmp_path):
    """Stopped within the second phase and resumed, too."""
    experiment = tiny(epochs=3, progressive_sizes="32:1", frozen_encoder_epochs=2, ema_decay=0.5)
    first, sheets = {}, []

    def remember(model):
        first.update({name: one.numpy() for name, one in weights.named_variables(model).items()})

    class Stop(Exception):
        pass

    def stop(done, _):
        if done == 5:
            raise Stop

    with pytest.raises(Stop):
        fit(records, tmp_path / "m", experiment, initialise=remember, watchers=loop.Watchers(on_step=stop))
    state = tf.train.load_checkpoint(str(tmp_path / "m/checkpoints/step-3"))
    assert state.get_tensor("step/.ATTRIBUTES/VARIABLE_VALUE") == 3
    model, _ = store.load(tmp_path / "m")
    after = {name: one.numpy() for name, one in weights.named_variables(model).items()}
    encoder = weights.encoder_variables(model)
    assert all(np.array_equal(first[name], after[name]) for name in encoder)
    assert not np.array_equal(first["mask_head/kernel"], after["mask_head/kernel"])
    fit(records, tmp_path / "m", experiment, watchers=loop.Watchers(on_panels=lambda *one: sheets.append(one)))
    assert [step for step, _ in sheets] == [6, 9]
    assert [entry["step"] for entry in json.loads((tmp_path / "m/history.json").read_text())] == [3, 6, 9]


def test_mixed_precision_keeps_float32_weights(small_network, records, tmp_path):
    fit(records, tmp_path / "m", tiny(epochs=1, mixed_precision=True))
    model, _ = store.load(tmp_path / "m")
    assert {one.dtype for one in model.weights} == {tf.float32}
    assert keras.mixed_precision.global_policy().name == "float32"


def test_patience_ends_a_run_that_gets_no_better(small_network, monkeypatch, records, tmp_path):
    scores = iter([0.5, 0.6, 0.6, 0.55, 0.9])

    def evaluate(*_):
        one = dict.fromkeys((masks.FOREGROUND_IOU, masks.BOUNDARY_IOU), next(scores))
        return {evaluation.NETWORK_SIZE: one, evaluation.PHOTO_SIZE: one}

    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    experiment = tiny(epochs=9, patience=2)
    assert len(fit(records, tmp_path / "m", experiment)) == 4  # two validations after the best one
    assert len(fit(records, tmp_path / "m", experiment)) == 4  # and it stays ended


def test_other_records_in_the_same_directory_are_refused(records, trained):
    with pytest.raises(InputError, match="other training records; other validation records"):
        fit(records[::-1], trained, presets.get("tiny"))


def test_an_empty_validation_set(records, tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "empty.tfrecord")):
        pass
    with pytest.raises(InputError, match="record files are empty"):
        fit((records[0], str(tmp_path / "empty.tfrecord")), tmp_path / "m", tiny())


def test_a_directory_of_another_architecture(records, trained):
    with pytest.raises(InputError, match=r"width was 0\.35, is 0\.5; fusion was add, is concatenate"):
        fit(records, trained, tiny(width=0.5, fusion="concatenate"))


@pytest.mark.parametrize(("limit", "place"), [(500, "config.json"), (3000, "weights.npz")])
def test_a_full_disk_is_one_line(records, tmp_path, limit, place):
    """A limit on file size stands in for the full disk; SIGXFSZ ignored, the write fails as it would there."""
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r});"
        "import small_run; from pnet_tf import store; from pnet_tf_tools import train; store.build = small_run.build;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        f"sys.exit(train.main(['--records={records[0]}', '--val_records={records[1]}', '--preset=tiny',"
        f" '--model_dir={tmp_path}/m', '--epochs=1']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert (
        done.stderr.count("\n") == 1 and f"{tmp_path}/m/{place}" in done.stderr and "cannot be written" in done.stderr
    )
    assert not list((tmp_path / "m").glob("checkpoints/*.index"))


def test_a_board_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "m").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="logs: cannot be written"):
        summaries.Board(tmp_path / "m").on_step(1, {"loss": 1.0})


def test_what_a_run_shows(trained):
    """The demo's pictures and boards: there, readable, and with every part of the objective."""
    assert cv2.imread(str(trained / "training.png")).shape[1] > 800
    run = json.loads((trained / "run.json").read_text())
    assert run["command"].startswith("pnet-train ") and "--preset=tiny" in run["command"]
    tags, pictures = set(), []
    for path in (trained / "logs").glob("events.*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                tags.add(value.tag)
                if value.tag == "views_labels_predictions":
                    pictures.append(tf.io.decode_png(value.tensor.string_val[2]).shape)
    names = ("loss", "mask_loss", "boundary_loss", "consistency_loss", "learning_rate", "input_wait")
    assert {f"training/{name}" for name in names} <= tags
    assert {"validation_network_size/foreground_iou", "validation_photo_size/boundary_iou"} <= tags
    assert len(pictures) == 2 and pictures[0][0] > 4 * 64  # two validations, four rows of 64 pixels
