"""One line for what a user of the tools gets wrong, and nothing written or lost."""

from command_line import fails, run
from helpers import write_folder


def test_segment_refuses(capsys, photo, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "wrong.tflite").write_bytes(b"no model")
    (tmp_path / "there.png").write_bytes(b"mine")
    out = f"--output={tmp_path}/out.png"
    for arguments, words in (
        ((f"--input={tmp_path}/absent.jpg", out), "absent.jpg: no such file"),
        ((f"--input={tmp_path}/empty", f"--output={tmp_path}/new"), "holds no picture"),
        ((f"--input={tmp_path}/text.jpg", out), "text.jpg: unreadable or truncated photo"),
        ((f"--input={photo}", out, f"--model={tmp_path}/wrong.tflite"), "wrong.tflite: not a .tflite model"),
        ((f"--input={photo}", out, f"--model={tmp_path}/none.tflite"), "none.tflite: no such model file"),
        (
            (f"--input={photo}", out, "--model=portrait"),
            "portrait: neither a model file nor a shipped model; known are p",
        ),
        ((f"--input={photo}", out, "--background=#12345"), "#12345"),
        ((f"--input={photo}", f"--output={tmp_path}/out.jpg"), "use .png"),
        ((f"--input={photo}", f"--output={tmp_path}/there.png"), "--overwrite"),
        ((f"--input={photo}", f"--output={photo}/out.png"), "cannot be written"),
        ((f"--input={photo}", out, "stray.jpg"), "one picture for 2 inputs"),
        ((f"--input={photo}", f"--output={photo}", "--overwrite", "--background=blur"), "is one of the inputs"),
        ((f"--input={photo}", out, "--overwrite", "--skip_existing"), "give one"),
        ((), "name a photo, a clip or a folder"),
        (("-",), "name its --output"),
        ((f"--input={tmp_path}",), "--output: name a folder"),
    ):
        assert words in fails(capsys, "segment", *arguments)
    assert not (tmp_path / "out.png").exists() and (tmp_path / "there.png").read_bytes() == b"mine"


def test_train_refuses(capsys, records, tmp_path):
    (tmp_path / "config.json").write_text('{"training": {"epoch": 3}}')
    (tmp_path / "weights.npz").write_bytes(b"PK\xff\xfe")
    train, val, out = f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path}/model"
    for arguments, words in (
        ((train, val, out, "--preset=day"), "known presets are paper, exp1_m"),
        ((train, val, out, f"--config={tmp_path}/config.json"), "training.epoch"),
        ((train, val, out, f"--config={tmp_path}/none.json"), "none.json"),
        ((train, val, out, f"--config={tmp_path}/weights.npz"), "weights.npz: not JSON"),
        ((train, "--preset=tiny", "--benchmark_steps=4", "--strategy=mirrored"), "times one device"),
        ((train, val, out, "--preset=tiny", "--width=0.6"), "0.35, 0.5"),
        ((train, val, out, "--preset=tiny", "--augment=much"), "augment"),
        ((train, val, out, "--preset=tiny", "--init_weights=nothing"), "--init_weights=nothing"),
        ((train, val, out, "--preset=qat"), "--init_weights"),
        ((f"--records={tmp_path}/none-*", val, out, "--preset=tiny"), "matches no file"),
        ((train, out, "--preset=tiny"), "val_records"),
        ((train, val, f"--model_dir={tmp_path}/config.json/model", "--preset=tiny"), "cannot be written"),
    ):
        assert words in fails(capsys, "train", *arguments)
    assert not (tmp_path / "model").exists()


def test_validation_on_what_is_trained_on_is_told(capsys, records, tmp_path):
    (tmp_path / "file").touch()
    both = (f"--records={records[0]}", f"--val_records={records[0]}")
    assert run("train", *both, f"--model_dir={tmp_path}/file/model", "--preset=tiny") == 1  # and nothing is trained
    assert "are trained on, too" in capsys.readouterr().err


def test_photos_that_are_trained_on_under_another_name_are_told(capsys, tmp_path):
    for folder, first in (("ours", 0), ("theirs", 2)):  # the third of ours is the first of theirs
        photos = write_folder(tmp_path / folder, 3, first=first)
        for path in (*photos.glob("Images/*"), *photos.glob("Labels/*")):
            path.rename(path.with_name(f"{folder}-{path.name}"))
        flags = (f"--input_dir={photos}", f"--output_dir={tmp_path}/records-{folder}", "--split=all", "--num_shards=1")
        assert run("convert", *flags) == 0
    (tmp_path / "file").touch()
    both = [
        f"--{flag}={tmp_path}/records-{name}/all-*" for flag, name in (("records", "ours"), ("val_records", "theirs"))
    ]
    capsys.readouterr()
    assert run("train", *both, f"--model_dir={tmp_path}/file/model", "--preset=tiny") == 1  # and nothing is trained
    told = capsys.readouterr().err.splitlines()[0]
    assert "1 of these photos are trained on, too (theirs-p002 is ours-p002 there)" in told


def test_the_other_tools_refuse(capsys, records, trained, tmp_path):
    (tmp_path / "there.tflite").write_bytes(b"mine")
    (tmp_path / "empty.tfrecord").touch()
    ptq = (f"--model_dir={trained}", f"--output={tmp_path}/x.tflite", "--mode=int8_ptq")
    for tool, arguments, words in (
        ("convert", (f"--input_dir={tmp_path}/none", f"--output_dir={tmp_path}/out"), "no such folder"),
        ("convert", (f"--input_dir={tmp_path}",), "output_dir"),
        ("convert", (f"--input_dir={tmp_path}", f"--output_dir={tmp_path}/o", "--source=video"), "source"),
        ("evaluate", (f"--model={trained}",), "--records or --input_dir"),
        ("evaluate", (f"--model={tmp_path}", f"--records={records[1]}"), "no model directory"),
        ("evaluate", (f"--model={tmp_path}/none.tflite", f"--records={records[1]}"), "no such model file"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/model.bin"), ".tflite"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/there.tflite"), "--overwrite"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/x.tflite", "--input_width=100"), "96 and 128"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/x.tflite", "--mode=int8_qat"), "--quantize"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/x.tflite", "--debug_layers=l.csv"), "an int8 mode"),
        ("export", (*ptq, f"--calibration_records={tmp_path}/empty.tfrecord"), "no record is in it"),
        ("benchmark", (f"--model={tmp_path}/none.tflite",), "no such model file"),
        ("benchmark", (f"--model={tmp_path}/there.tflite", "--threads=two"), "--threads=two"),
        ("show_views", (f"--records={records[0]}", f"--output={tmp_path}/v.png", "--count=99"), "only 12"),
    ):
        assert words in fails(capsys, tool, *arguments)
    assert not (tmp_path / "x.tflite").exists() and (tmp_path / "there.tflite").read_bytes() == b"mine"
