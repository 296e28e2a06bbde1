"""The small networks beside the generator: attributes, encoder, finder."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest
import torch
from safetensors.torch import save_file

from anycost.core.training.attributes import NAMES, attribute_table, standards
from anycost.core.training.encoding import started
from anycost.core.training.export import export_encoder, export_finder
from anycost.core.training.painted import PaintedBatches
from anycost.core.training.portraits import STYLE_DIM
from anycost.models.encoder import Encoder
from anycost.models.features import SIZE, Features, load_features
from anycost.models.finder import STRIDE, Finder
from anycost.models.generator import Generator


@pytest.fixture
def features() -> Features:
    torch.manual_seed(0)
    return Features(len(NAMES)).eval()


def test_distance_is_zero_for_equal_pictures_symmetric_and_positive(features: Features):
    a, b = torch.rand(2, 3, 96, 96) * 2 - 1, torch.rand(2, 3, 96, 96) * 2 - 1
    assert features.distance(a, a).abs().max() < 1e-6
    torch.testing.assert_close(features.distance(a, b), features.distance(b, a))
    assert (features.distance(a, b) > 0).all()
    nearer = a + 0.1 * (b - a)
    assert (features.distance(a, nearer) < features.distance(a, b)).all()


def test_any_size_of_picture_is_read(features: Features):
    for side in (16, SIZE, 200):
        maps = features.maps(torch.zeros(1, 3, side, side))
        assert [m.shape[-1] for m in maps] == [32, 16, 8, 4]


def test_a_features_file_comes_back_as_it_was(features: Features, tmp_path: Path):
    save_file(features.state_dict(), tmp_path / "features.safetensors")
    again = load_features(tmp_path / "features.safetensors")
    picture = torch.rand(1, 3, SIZE, SIZE)
    torch.testing.assert_close(again(picture), features(picture))
    save_file({"attributes.bias": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="does not hold an attribute network"):
        load_features(tmp_path / "other.safetensors")


def test_exports_compute_what_the_modules_do(tmp_path: Path):
    torch.manual_seed(0)
    encoder, finder = Encoder(SIZE, 6, torch.randn(8)).eval(), Finder(8).eval()
    export_encoder(encoder, SIZE, tmp_path / "encoder.onnx")
    export_finder(finder, tmp_path / "finder.onnx")
    for network, shape, name in (
        (encoder, (3, 3, SIZE, SIZE), "encoder"),
        (finder, (1, 3, 48, 80), "finder"),
    ):
        picture = torch.rand(shape) * 2 - 1
        session = onnxruntime.InferenceSession(str(tmp_path / f"{name}.onnx"))
        (got,) = session.run(None, {"picture": picture.numpy()})
        with torch.no_grad():
            expected = network(picture)
        torch.testing.assert_close(torch.tensor(got), expected, atol=1e-4, rtol=1e-4)
    assert expected.shape == (1, 3, 48 // STRIDE, 80 // STRIDE)


def test_attributes_are_standardised(tmp_path: Path):
    mean, deviation = standards()
    found = attribute_table(torch.randn(4000, STYLE_DIM))
    standardised = (found - mean) / deviation
    assert standardised.mean(0).abs().max() < 0.15
    assert (standardised.std(0) - 1).abs().max() < 0.2


def test_the_encoders_first_fit_is_better_than_the_mean(features: Features, tmp_path: Path):
    torch.manual_seed(0)
    generator = Generator(32, (8,) * 8, STYLE_DIM, 2).eval().requires_grad_(False)
    save_file(features.state_dict(), tmp_path / "features.safetensors")
    encoder = started(generator, tmp_path / "features.safetensors", 512)
    z, picture, _ = next(iter(PaintedBatches(((SIZE, 128),), 128, seed=500)))
    with torch.no_grad():
        w = generator.style(z)
        error = (encoder(picture)[:, 0] - w).square().mean()
        baseline = (encoder.mean_w - w).square().mean()
    assert error < baseline
