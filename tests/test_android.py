"""pnet-benchmark-android against a stand-in adb: figures, refusals of a delegate, cleaning up."""

import json

import pytest

from phone import out
from pnet_tf_tools import benchmark_android


def test_table_json_and_calls(bench, capsys):
    assert bench.run("--threads=1,4", f"--json={bench.folder}/out.json") == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = shown.out.splitlines()
    assert lines[0] == "Pixel 7, Android 15, 0A041FDD4003BW"
    cpu, gpu = (next(line for line in lines if where in line).split() for where in ("cpu ×4", " gpu"))
    assert cpu[-8:] == ["87.64", "106.44", "105.78", "0.26", "105.72", "106.28", "14.82", "–"]
    assert gpu[-8:] == ["1361.24", "125.11", "115.25", "1.33", "115.35", "116.62", "132.82", "–"]
    assert any(line.split() == ["CONV_2D", "15", "nodes", "2651.85", "ms", "89.9", "%"] for line in lines)

    written = json.loads((bench.folder / "out.json").read_text())
    assert written["phone"]["abis"] == ["arm64-v8a", "armeabi-v7a", "armeabi"]
    assert [(row["delegate"], row["threads"]) for row in written["rows"]] == [("cpu", 1), ("cpu", 4), ("gpu", None)]
    assert written["rows"][2]["output"]["latency"]["median"] == pytest.approx(115.350)
    assert written["rows"][0]["profile"][1]["name"] == "DEPTHWISE_CONV_2D"

    calls = bench.calls()
    assert all(words[:2] == ["-s", "0A041FDD4003BW"] for words in calls[1:])
    folder = next(words[-1].split()[-1] for words in calls if words[-1].startswith("mkdir"))
    pushed = [words[-2:] for words in calls if words[2:3] == ["push"]]
    assert pushed == [[str(bench.binary), f"{folder}/benchmark_model"], [str(bench.model), f"{folder}/model0.tflite"]]
    runs = [words[-1] for words in calls if "--graph" in words[-1]]
    assert [("--use_gpu=true" in run, "--enable_op_profiling=true" in run) for run in runs] == [
        (False, False), (False, True), (False, False), (False, True), (True, False), (True, True),
    ]  # fmt: skip
    assert "--num_threads=4" in runs[2] and "--num_threads" not in runs[4]
    assert bench.cleaned_up()


def test_the_shipped_model_without_profile_and_kept(bench, capsys):
    bench.prepare()
    given = [f"--adb={bench.adb}", f"--benchmark_binary={bench.binary}"]
    assert benchmark_android.main([*given, "--top=0", "--keep", "--delegates=cpu", "--threads=2"]) == 0
    calls = bench.calls()
    assert sum("--graph" in call[-1] for call in calls) == 1
    assert any(call[-2].endswith("portraitnet-int8.tflite") for call in calls)
    assert not [call for call in calls if call[-1].startswith("rm")]
    (folder,) = (call[-1].removeprefix("mkdir ") for call in calls if call[-1].startswith("mkdir "))
    assert f"kept on the phone: {folder}\n" in capsys.readouterr().out


def test_a_refusing_gpu_is_a_row(bench, capsys):
    bench.scenario["gpu"] = out("refused") | {"status": 1}
    assert bench.run() == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "my model" in line]
    assert "105.78" in lines[0]
    assert "refused: Failed to apply NNAPI delegate: NN API returned error" in lines[-1]
    assert bench.cleaned_up()


def test_figures_of_a_silent_fall_back_are_not_the_gpus(bench, capsys):
    text = out("gpu_whole")["out"]
    taken = next(line for line in text.splitlines() if "Explicitly applied" in line)
    none = "INFO: Though GPU delegate is explicitly applied, the model graph will not be executed by the delegate."
    bench.scenario["gpu"] = {"out": text.replace(taken, none)}
    assert bench.run() == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if " gpu " in line)
    assert "refused: the GPU takes none of the graph" in row and "115" not in row


def test_operators_left_on_the_cpu_are_told(bench, capsys):
    bench.scenario["gpu"] = {"out": out("gpu_part_head")["out"] + out("cpu_current")["out"]}
    assert bench.run() == 0
    assert "in part: 57 operators stay on the CPU (ARG_MAX, CAST," in capsys.readouterr().out


def test_nothing_measured_is_a_failure(bench, bench_fails):
    bench.scenario["gpu"] = out("refused") | {"status": 1}
    error = bench_fails("--delegates=gpu")
    assert "not measured on Pixel 7; refused: Failed to apply" in error
    assert bench.cleaned_up()
