"""Reading TensorFlow Lite models and converting them to ONNX, against the format's own interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from anycost.models.importing.mediapipe_operators import read_landmarks, region_matrix, sampled_region
from anycost.models.importing.onnx_graph import OnnxGraph
from anycost.models.importing.tflite_to_onnx import to_onnx

PLAIN = (  # all but the mesh with attention, whose operators the interpreter does not know
    "face_detection_short_range.tflite",
    "face_detection_full_range_sparse.tflite",
    "selfie_segmentation.tflite",
    "face_landmark.tflite",
)


def outputs(model: bytes, **inputs: np.ndarray) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def side_of(model: bytes) -> tuple[str, int]:
    """The name of the picture that goes in, and its side."""
    found = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).get_inputs()[0]
    return found.name, found.shape[2]


@pytest.mark.parametrize("name", PLAIN)
def test_a_converted_model_gives_what_the_interpreter_gives(face_weights: Path, name: str):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    converted = to_onnx((face_weights / name).read_bytes())
    picture_name, side = side_of(converted)
    picture = np.random.default_rng(0).uniform(0, 1, (1, 3, side, side)).astype(np.float32)
    mine = outputs(converted, **{picture_name: picture})
    plain = interpreter.Interpreter(model_path=str(face_weights / name), num_threads=1)
    plain.allocate_tensors()
    plain.set_tensor(plain.get_input_details()[0]["index"], picture.transpose(0, 2, 3, 1))
    plain.invoke()
    for detail in plain.get_output_details():
        theirs = plain.get_tensor(detail["index"])
        if theirs.ndim == 4:
            theirs = theirs.transpose(0, 3, 1, 2)
        assert mine[detail["name"]] == pytest.approx(theirs, abs=2e-5 * float(np.abs(theirs).max()) + 1e-6)


@pytest.mark.parametrize("name", PLAIN[:2])
def test_a_picture_of_any_size_lists_as_many_cells_as_fit(face_weights: Path, name: str):
    data = (face_weights / name).read_bytes()
    converted = to_onnx(data, any_size=True)
    picture_name, side = side_of(to_onnx(data))
    large = np.random.default_rng(1).uniform(-1, 1, (1, 3, 2 * side, side)).astype(np.float32)
    small = outputs(converted, **{picture_name: large[:, :, :side]})
    both = outputs(converted, **{picture_name: large})
    assert {name: value.shape[1] for name, value in both.items()} == {
        name: 2 * value.shape[1] for name, value in small.items()
    }


def test_an_operator_that_is_not_known_is_named(face_weights: Path):
    data = (face_weights / PLAIN[2]).read_bytes()
    custom = b"Convolution2DTransposeBias"
    assert custom in data
    with pytest.raises(ValueError, match="Convolution2DTransposeXias"):
        to_onnx(data.replace(custom, b"Convolution2DTransposeXias"))


# MediaPipe's operators, against their plain formulas

finite = st.floats(-50, 50, width=32)


def plain_matrix(landmarks: np.ndarray, points: list[int], ends: tuple[int, int], scale, size) -> np.ndarray:
    """The region's matrix step by step: turn the points level, box them, and undo it."""
    (lx, ly), (rx, ry) = landmarks[list(ends), :2]
    angle = np.arctan2(ry - ly, rx - lx)
    level = np.array([[np.cos(-angle), -np.sin(-angle)], [np.sin(-angle), np.cos(-angle)]])
    turned = landmarks[points, :2] @ level.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    centre = level.T @ ((low + high) / 2)
    sides = np.diag((high - low) * scale / size)
    linear = level.T @ sides
    matrix = np.eye(4)
    matrix[:2, :2] = linear
    matrix[:2, 3] = centre - linear @ (np.array(size) / 2)
    return matrix


@given(arrays.arrays(np.float32, (1, 6, 3), elements=finite, unique=True))
@settings(max_examples=25)
def test_a_region_is_the_level_box_around_its_points(landmarks: np.ndarray):
    points, ends, scale, size = [0, 2, 3, 5], (1, 4), (1.5, 1.25), (16, 8)
    if np.linalg.norm(landmarks[0, 4, :2] - landmarks[0, 1, :2]) < 1:
        return  # the eye line needs a length
    graph = OnnxGraph()
    matrix = region_matrix(graph, graph.input("landmarks", (1, 6, 3)), points, ends, scale, size)
    graph.output(matrix, "matrix", (1, 4, 4))
    found = outputs(graph.model().SerializeToString(), landmarks=landmarks)["matrix"][0]
    expected = plain_matrix(landmarks[0].astype(np.float64), points, ends, scale, size)
    assert found == pytest.approx(expected, abs=2e-3)


@given(st.floats(-1, 1), st.floats(0.2, 1.2), st.floats(-3, 12), st.floats(-3, 9))
@settings(max_examples=25)
def test_a_region_is_sampled_between_the_maps_pixels(angle: float, scale: float, x: float, y: float):
    width, height, columns, rows = 12, 9, 5, 4
    maps = np.random.default_rng(2).normal(size=(1, 2, height, width)).astype(np.float32)
    matrix = np.eye(4, dtype=np.float32)
    matrix[:2, :2] = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix[:2, 3] = x, y
    graph = OnnxGraph()
    names = graph.input("maps", maps.shape), graph.input("matrix", (1, 4, 4))
    graph.output(
        sampled_region(graph, *names, (width, height), (columns, rows)), "region", (1, 2, rows, columns)
    )
    found = outputs(graph.model().SerializeToString(), maps=maps, matrix=matrix[None])["region"]
    for v in range(rows):
        for u in range(columns):
            px, py = (matrix @ [u + 0.5, v + 0.5, 0, 1])[:2] - 0.5
            edge = min(abs(px), abs(py), abs(px - width + 1), abs(py - height + 1))
            if edge > 1e-3:  # exactly on the border rounding decides
                assert found[0, :, v, u] == pytest.approx(bilinear(maps[0], px, py), abs=1e-4)


def bilinear(maps: np.ndarray, x: float, y: float) -> np.ndarray:
    """[C, H, W] at a place between its pixels; 0 outside them."""
    if not (0 <= x <= maps.shape[2] - 1 and 0 <= y <= maps.shape[1] - 1):
        return np.zeros(len(maps))
    i, j = int(y), int(x)
    below, right = min(i + 1, maps.shape[1] - 1), min(j + 1, maps.shape[2] - 1)
    upper = (1 - (x - j)) * maps[:, i, j] + (x - j) * maps[:, i, right]
    lower = (1 - (x - j)) * maps[:, below, j] + (x - j) * maps[:, below, right]
    return (1 - (y - i)) * upper + (y - i) * lower


def test_landmarks_in_a_region_are_read_outside():
    rng = np.random.default_rng(3)
    landmarks = rng.normal(size=(1, 7, 2)).astype(np.float32)
    matrix = rng.normal(size=(1, 4, 4)).astype(np.float32)
    graph = OnnxGraph()
    names = graph.input("landmarks", (1, 7, 2)), graph.input("matrix", (1, 4, 4))
    graph.output(read_landmarks(graph, *names), "outside", (1, 7, 2))
    found = outputs(graph.model().SerializeToString(), landmarks=landmarks, matrix=matrix)["outside"][0]
    assert found == pytest.approx(landmarks[0] @ matrix[0, :2, :2].T + matrix[0, :2, 3], abs=1e-5)
