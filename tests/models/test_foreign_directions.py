"""Vectors of other programs become sliders as long as the generator's own w varies along them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from foreign_files import psp_state, published_state
from safetensors.torch import save_file

from anycost.models.generator import Generator
from anycost.models.importing.formats import load_generator
from anycost.models.importing.kinds import ModelFile
from anycost.models.importing.unpickle import Refused
from anycost.models.importing.vectors import read_directions
from anycost.models.pack import Direction

SMALL = (12, 12, 10, 8, 6, 5)  # a generator of 16 px: 6 styles
RNG = np.random.default_rng(5)
SMILE, AGE = RNG.normal(size=(2, 1, 16)).astype(np.float32)
LAYERED = RNG.normal(size=(6, 16)).astype(np.float32) * np.array([[0], [0], [1], [3], [1], [0]], np.float32)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    path = tmp_path_factory.mktemp("generator") / "generator.pt"
    torch.save({"g_ema": published_state(SMALL)}, path)
    return load_generator(path)[0]


def read(path: Path, network: Generator) -> list[Direction]:
    return read_directions(ModelFile.open(path), network)


def deviation(network: Generator, unit: np.ndarray) -> float:
    """Of w along a unit vector [D], by samples that have nothing to do with the reader's."""
    z = torch.randn(20_000, 16, generator=torch.Generator().manual_seed(99))
    return float((network.style(z).double().numpy() @ unit).std())


def test_an_interfacegan_boundary_takes_its_name_from_the_file(tmp_path: Path, network: Generator) -> None:
    np.save(tmp_path / "stylegan2_ffhq_smile_w_boundary.npy", SMILE)
    (found,) = read(tmp_path / "stylegan2_ffhq_smile_w_boundary.npy", network)
    assert (found.name, found.label, found.group) == ("smile", "Smile", "Imported")
    assert (found.low, found.high) == (-1, 1)
    unit = SMILE[0] / np.linalg.norm(SMILE)
    assert found.vector.shape == (6, 16)
    np.testing.assert_allclose(found.vector @ unit, 3 * deviation(network, unit), rtol=0.05)
    np.testing.assert_allclose(
        found.vector / np.linalg.norm(found.vector[0]), np.tile(unit, (6, 1)), atol=1e-5
    )


def test_a_vector_with_a_row_for_each_style_keeps_its_rows(tmp_path: Path, network: Generator) -> None:
    np.save(tmp_path / "eyes_open.npy", LAYERED)
    (found,) = read(tmp_path / "eyes_open.npy", network)
    longest = LAYERED[np.linalg.norm(LAYERED, axis=1).argmax()]
    length = np.linalg.norm(longest)
    wanted = LAYERED / length * 3 * deviation(network, longest / length)
    np.testing.assert_allclose(found.vector, wanted, rtol=0.05, atol=1e-6)
    assert found.label == "Eyes open"


def test_the_length_of_a_vector_says_nothing(tmp_path: Path, network: Generator) -> None:
    np.save(tmp_path / "a.npy", SMILE[0])
    np.save(tmp_path / "b.npy", 1000 * SMILE.astype(np.float64)[None])
    torch.save(torch.tensor(SMILE), tmp_path / "c.pt")
    vectors = [read(tmp_path / name, network)[0].vector for name in ("a.npy", "b.npy", "c.pt")]
    np.testing.assert_allclose(vectors[1], vectors[0], rtol=1e-4)
    np.testing.assert_allclose(vectors[2], vectors[0], rtol=1e-4)


@pytest.mark.parametrize("arrays", [True, False])
def test_anycost_boundaries_lose_their_numbers(tmp_path: Path, network: Generator, arrays: bool) -> None:
    table: dict[str, Any] = {"31_Smiling": SMILE, "00_5_o_Clock_Shadow": AGE}
    torch.save(
        table if arrays else {n: torch.tensor(v) for n, v in table.items()}, tmp_path / "boundaries.pt"
    )
    smiling, shadow = read(tmp_path / "boundaries.pt", network)
    assert (smiling.name, smiling.label) == ("Smiling", "Smiling")
    assert (shadow.name, shadow.label) == ("5_o_Clock_Shadow", "5 o Clock Shadow")


@pytest.mark.parametrize("kind", ["npz", "compressed", "pkl", "pt"])
def test_ganspace_components(tmp_path: Path, network: Generator, kind: str) -> None:
    components = RNG.normal(size=(30, 1, 16)).astype(np.float32)
    stdev = np.ones(30, np.float32)
    path = tmp_path / f"components.{'npz' if kind == 'compressed' else kind}"
    if kind == "pkl":
        path.write_bytes(pickle.dumps({"lat_comp": components, "lat_stdev": stdev}, 4))
    elif kind == "pt":
        torch.save(
            {"comp": torch.tensor(components), "std": torch.tensor(stdev), "mean": torch.zeros(1, 16)}, path
        )
    else:
        save = np.savez_compressed if kind == "compressed" else np.savez
        save(path, lat_comp=components, lat_stdev=stdev, names=np.array(["words"]))
    found = read(path, network)
    assert [d.label for d in found] == [f"Component {k}" for k in range(1, 21)]
    unit = components[2, 0] / np.linalg.norm(components[2])
    np.testing.assert_allclose(found[2].vector[0], 3 * deviation(network, unit) * unit, rtol=0.05, atol=1e-6)


def test_our_own_file_keeps_what_its_json_says(tmp_path: Path, network: Generator) -> None:
    save_file({"smile": torch.tensor(LAYERED), "other": torch.tensor(LAYERED)}, tmp_path / "own.safetensors")
    entry = {
        "name": "smile",
        "label": "Big smile",
        "group": "Mouth",
        "low": -0.5,
        "high": 2.0,
        "parts": ["mouth"],
    }
    (tmp_path / "own.json").write_text(json.dumps({"directions": [entry], "report": {}}))
    smile, other = read(tmp_path / "own.safetensors", network)  # in the order of the JSON file, the panel's
    assert (smile.label, smile.group, smile.low, smile.high) == ("Big smile", "Mouth", -0.5, 2.0)
    assert (smile.parts, smile.how) == (("mouth",), ())
    np.testing.assert_array_equal(smile.vector, LAYERED)
    assert (other.label, other.group) == ("Other", "Imported")


def refused(path: Path, network: Generator) -> str:
    with pytest.raises(Refused) as caught:
        read(path, network)
    return str(caught.value)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((1, 32), np.float32), "and the generator's latents have 16 values"),
        (np.ones((5, 16), np.float32), "for 5 styles, and the generator has 6"),
        (np.zeros((1, 16), np.float32), "without a direction"),
        (np.full((1, 16), np.nan, np.float32), "without a direction"),
        (np.ones((100, 16), np.float32), "and the generator's latents have 16 values"),
        (np.float32(3), "and the generator's latents have 16 values"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, network: Generator, array: Any, words: str
) -> None:
    np.save(tmp_path / "vector.npy", array)
    assert words in refused(tmp_path / "vector.npy", network)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"31_Smiling": torch.zeros(1, 512)}, "the generator's latents have 16 values"),
        (published_state(SMALL), "is a generator, which holds no edit directions"),
        (psp_state(16, (1,) * 6), "is an encoder, which holds no edit directions"),
        ({"final_linear.0.weight": torch.zeros(3)}, "is a discriminator"),
        ({"weight": torch.zeros(3)}, "holds no edit directions"),
        ({}, "holds no edit directions"),
    ],
)
def test_other_files_are_named(tmp_path: Path, network: Generator, content: Any, words: str) -> None:
    torch.save(content, tmp_path / "file.pt")
    assert words in refused(tmp_path / "file.pt", network)


@pytest.mark.parametrize("text", ["[", "{}", '{"directions": [3]}', '{"directions": [{"name": "smile"}]}'])
def test_a_list_beside_our_file_that_says_nothing_is_refused(
    tmp_path: Path, network: Generator, text: str
) -> None:
    save_file({"smile": torch.tensor(LAYERED)}, tmp_path / "own.safetensors")
    (tmp_path / "own.json").write_text(text)
    assert 'has a "own.json" beside it that says nothing of it' in refused(
        tmp_path / "own.safetensors", network
    )
