"""The parser on outputs of the real tool, old and new; the expected figures were read by eye."""

import pathlib

import pytest

from pnet_tf.benchmark.output import Latency, NodeType, parse

OUTPUTS = pathlib.Path(__file__).parent / "android"


def read(name: str) -> str:
    return (OUTPUTS / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    ("name", "latency"),
    [
        ("old_1_12", Latency(50, 137.722, 137.079, 143.416, 0.896)),
        ("cpu_2020", Latency(50, 33.2094, 32.641, 34.005, 0.450)),
        ("gpu_2020", Latency(50, 119.375, 113.737, 124.776, 1.948)),
        ("profile", Latency(50, 2950.34, 2727.568, 3189.954, 109.798)),
        ("cpu_current", Latency(50, 105.784, 105.416, 106.528, 0.260, 105.718, 106.281)),
        ("gpu_whole", Latency(50, 115.246, 111.842, 119.614, 1.329, 115.350, 116.620)),
        ("xnnpack_part", Latency(50, 899.641, 898.007, 906.121, 1.549, 899.281, 904.305)),
        ("litert_compiled_model", Latency(10, 7430.20, 7416.40, 7448.86, 9.92)),
        ("refused", None),
        ("gpu_part_head", None),
    ],
)
def test_latency(name, latency):
    read_out = parse(read(name)).latency
    if latency is None:
        assert read_out is None
    else:
        assert vars(read_out) == pytest.approx(vars(latency))


@pytest.mark.parametrize(
    ("name", "initialisation", "first", "memory"),
    [
        ("old_1_12", 4.452, 146.161, (None, None)),
        ("cpu_2020", 0.855, 49.060, (0, 12.8672)),
        ("gpu_2020", 870.557, 130.565, (None, None)),
        ("profile", 17.187, 3512.391, (4.21094, 46.0859)),
        ("cpu_current", 87.639, 106.436, (14.4414, 14.8164)),
        ("gpu_whole", 1361.236, 125.113, (132.816, 132.816)),
        ("xnnpack_part", 614.333, 905.463, (146.363, 150.141)),
        ("litert_compiled_model", 23744.73, 7441.04, (6391.74, 6391.74)),
    ],
)
def test_start_and_memory(name, initialisation, first, memory):
    output = parse(read(name))
    assert output.initialisation == pytest.approx(initialisation)
    assert output.first == pytest.approx(first)
    assert (output.memory_init, output.memory_overall) == memory
    assert output.memory_peak is None
    assert output.failure is None


def test_watched_memory_has_a_line_of_its_own():
    text = read("cpu_current") + "INFO: Overall peak memory footprint (MB) via periodic monitoring: 74.6641\n"
    assert parse(text).memory_peak == 74.6641


@pytest.mark.parametrize(
    ("name", "delegation"),
    [
        ("cpu_current", None),
        ("gpu_2020", "all"),
        ("gpu_whole", "all"),
        ("xnnpack_part", "part"),
        ("gpu_part_head", "part"),
    ],
)
def test_delegation(name, delegation):
    assert parse(read(name)).delegation == delegation


def test_operators_that_the_gpu_leaves_to_the_cpu():
    output = parse(read("gpu_part_head"))
    assert output.left_on_cpu == 57
    assert output.unsupported == (
        "ARG_MAX", "CAST", "CONCATENATION", "FLOOR_DIV", "GATHER_ND", "MUL", "PACK", "RESHAPE", "SUB", "UNPACK",
    )  # fmt: skip
    # The list is no failure; this run was cut off before its figures.
    assert output.failure == "Initialized session in 2957.12ms."


def test_a_gpu_that_takes_nothing():
    """The wording of benchmark_tflite_model.cc in the place where the whole graph went to the GPU."""
    taken = "Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate."
    none = "Though GPU delegate is explicitly applied, the model graph will not be executed by the delegate."
    assert taken in read("gpu_whole")
    assert parse(read("gpu_whole").replace(taken, none)).delegation == "none"


def test_a_refusal_names_verdict_and_cause():
    failure = parse(read("refused")).failure
    assert failure == (
        "Failed to apply NNAPI delegate: "
        "NN API returned error ANEURALNETWORKS_BAD_DATA at line 1068 while adding operation"
    )


def test_profile_is_of_the_runs_not_of_the_initialisation():
    assert parse(read("profile")).profile == (
        NodeType("CONV_2D", 15, 2651.853, 89.897),
        NodeType("DEPTHWISE_CONV_2D", 13, 296.919, 10.065),
        NodeType("AVERAGE_POOL_2D", 1, 0.869, 0.029),
        NodeType("SOFTMAX", 1, 0.232, 0.008),
        NodeType("SQUEEZE", 1, 0.016, 0.001),
    )
    assert parse(read("cpu_current")).profile == ()


def test_line_ends_of_old_adb():
    """adb before Android 7 ends the phone's lines with CR LF."""
    assert parse(read("gpu_whole").replace("\n", "\r\n")) == parse(read("gpu_whole"))


def test_silence():
    assert parse("").failure == "it printed nothing"
