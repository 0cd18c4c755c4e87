"""Packaging: the runtime by default, training under [train]."""

import pathlib
import re

from setuptools import setup

ROOT = pathlib.Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "pnet_tf/__init__.py").read_text()).group(1)

TRAIN = [
    "tensorflow>=2.21,<2.22",
    "tf_keras>=2.21,<2.22",
    "tensorflow-model-optimization>=0.8.1,<0.9",
    "setuptools; python_version >= '3.12'",  # TFMOT imports distutils
    "flatbuffers>=25.9.23",
    "tensorboard",
    "matplotlib>=3.8",
]

# In place of TRAIN: the last TensorFlow that tensorflow-addons imports with. constraints-addons.txt holds the
# versions of the rest that were tested with it.
ADDONS = [
    "tensorflow==2.15.1",
    "tensorflow-addons==0.23.0",
    "tensorflow-model-optimization==0.7.5",  # 0.8 mixes keras and tf_keras there
    "numpy>=1.26,<2",
    "flatbuffers>=24.3.25",
    "tensorboard",
    "matplotlib>=3.8",
]

VIDEO = [
    "av>=15",
    "pyvirtualcam>=0.11; sys_platform != 'linux' or platform_machine == 'x86_64'",  # no other wheels for Linux
]

COMMANDS = [
    "convert",
    "check",
    "teachers",
    "views=show_views",
    "train",
    "average",
    "prune",
    "evaluate",
    "ablate",
    "export",
    "segment",
    "web=serve_page",
    "benchmark",
    "benchmark-android=benchmark_android",
    "import-weights=import_weights",
]


def entry_point(command: str) -> str:
    """`views=show_views` → `pnet-views = pnet_tf_tools.entry:show_views`."""
    name, _, module = command.partition("=")
    return f"pnet-{name} = pnet_tf_tools.entry:{module or name}"


setup(
    name="pnet-tf",
    version=VERSION,
    description="PortraitNet in TensorFlow/Keras: portrait segmentation from photos to an int8 TFLite file",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10,<3.14",
    classifiers=[
        "Programming Language :: Python :: 3",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
    packages=[
        "pnet_tf",
        *(
            f"pnet_tf.{room}"
            for room in (
                "config",
                "pictures",
                "model",
                "data",
                "losses",
                "metrics",
                "training",
                "ablation",
                "quantize",
                "export",
                "runtime",
                "cutout",
                "video",
                "benchmark",
            )
        ),
        "tfrecords",
        "pnet_tf_tools",
    ],
    # The command lines live in tools/ and are installed under a name that nobody else uses.
    package_dir={"pnet_tf_tools": "tools"},
    package_data={"pnet_tf": ["assets/*", "assets/*/*"]},
    install_requires=[
        "numpy>=1.26",
        "opencv-python>=4.9.0.80,<5",
        "Pillow>=11.3",  # reads AVIF
        "pillow-heif>=0.20",
        "ai-edge-litert>=2.1.0",
        "absl-py>=1.4",
        "tqdm>=4.66",
    ],
    extras_require={
        "train": TRAIN,
        "addons": ADDONS,
        "onnx": ["onnxruntime>=1.17"],
        "import": ["torch>=2.6"],
        "video": VIDEO,
        "beam": ["apache-beam>=2.60"],
        "test": [
            "pytest>=8",
            "pytest-xdist>=3.5",
            "ruff>=0.6",
            "scipy>=1.11",
            "apache-beam>=2.60",
            "onnx>=1.16",
            "onnxruntime>=1.17",
            "av>=15",
            "hypothesis>=6.100",
        ],
        "demo": ["scikit-image>=0.22"],
    },
    entry_points={"console_scripts": [entry_point(command) for command in COMMANDS]},
)
