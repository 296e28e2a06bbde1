"""Builds the distribution `anycost-krita`: the repository is the package `anycost`."""

import re
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
VERSION = re.search(r'^VERSION = "(.+)"$', (ROOT / "bridge" / "version.py").read_text(), re.M).group(1)
ROOMS = ("bridge", "commands", "core", "krita_plugin", "lab", "models")
PACKAGES = ["anycost"] + [
    "anycost." + ".".join(init.parent.relative_to(ROOT).parts)
    for room in ROOMS
    for init in sorted((ROOT / room).rglob("__init__.py"))
    if (init.parents[1] / "__init__.py").exists()
]

setup(
    name="anycost-krita",
    version=VERSION,
    description="Anycost GAN face editing inside Krita: a rough face at once, the full one a moment later",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    package_dir={"anycost": "."},
    packages=PACKAGES,
    package_data={
        "anycost": [
            "models/packs/*/*",
            "commands/sample/*.png",
            "commands/*.md",
            "lab/heads/*.json",
            "lab/directions/*.safetensors",
            "krita_plugin/*.desktop",
            "krita_plugin/*.action",
            "krita_plugin/*.html",
            "krita_plugin/translations/*.ts",
            "requirements/run.txt",
            "requirements/locked/*.txt",
        ]
    },
    install_requires=[
        "torch>=2.6",
        "numpy>=1.26",
        "pillow>=10",
        "opencv-python-headless>=4.8",  # warps, filters and GrabCut
        "safetensors>=0.4.5",
        "onnx>=1.16",
        "onnxruntime>=1.17",
        "tflite>=2.18",
        "lpips>=0.1.4",
        "PyQt5>=5.15",
        "tqdm>=4.66",
        'tomli>=2; python_version < "3.11"',
    ],
    extras_require={
        "openvino": ["openvino>=2025.0"],
        "train": [
            "tensorboard>=2.16",
            "torchmetrics>=1.4",
            "torch-fidelity>=0.3",
            "matplotlib>=3.8",
            "scikit-learn>=1.4",
            "scikit-image>=0.24",
            "numba>=0.60",
            "lmdb>=1.4",
        ],
    },
    entry_points={"console_scripts": ["anycost = anycost.commands.cli:main"]},
)
