"""MediaPipe's own operators, said in ONNX's: its attention mesh looks again at the lips and at each eye.

A region is a box around some landmarks, turned so that two of them lie level. Its matrix brings the pixels of
the region (u to the right, v down) to those of the maps that it is cut out of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .onnx_graph import OnnxGraph


def region_matrix(
    graph: OnnxGraph,
    landmarks: str,
    points: Sequence[int],
    ends: tuple[int, int],
    scale: tuple[float, float],
    size: tuple[int, int],
) -> str:
    """Landmarks2TransformMatrix: landmarks [1, n, 3] -> [1, 4, 4].

    `points` are the landmarks in the box, `ends` the two that shall lie level, `scale` makes the box wider
    and higher, `size` is the region's width and height in its own pixels.
    """
    plane = graph.columns(graph.reshape(landmarks, (-1, 3)), 0, 2)  # [n, 2]
    left, right = (_rows(graph, plane, [end]) for end in ends)  # [1, 2]
    level = graph.node("Sub", right, left)
    level = graph.node("Div", level, graph.node("ReduceL2", level, axes=[1], keepdims=1))  # (cos, sin)
    down = graph.node("MatMul", level, graph.constant([[0, 1], [-1, 0]]))  # (-sin, cos)
    axes = graph.node("Concat", level, down, axis=0)  # [2, 2]: the region's own axes as rows
    turned = graph.node(
        "MatMul", _rows(graph, plane, points), graph.node("Transpose", axes, perm=(1, 0))
    )  # [p, 2] in those axes
    high = graph.node("ReduceMax", turned, axes=[0], keepdims=1)  # [1, 2]
    low = graph.node("ReduceMin", turned, axes=[0], keepdims=1)
    middle = graph.node("Mul", graph.node("Add", high, low), graph.constant([0.5, 0.5]))
    pixel = graph.node(
        "Mul", graph.node("Sub", high, low), graph.constant(np.divide(scale, size))
    )  # [1, 2]: the sides of a pixel of the region
    corner = graph.node("Sub", middle, graph.node("Mul", pixel, graph.constant(np.divide(size, 2))))
    origin = graph.node("MatMul", corner, axes)  # [1, 2] in the maps' axes
    sides = graph.node("Mul", axes, graph.reshape(pixel, (2, 1)))  # [2, 2]: a pixel's sides as rows
    both = graph.node("Concat", sides, graph.constant(np.zeros((1, 2))), origin, axis=0)  # [4, 2]
    rest = graph.constant([[0, 0], [0, 0], [1, 0], [0, 1]])
    columns = graph.node("Concat", both, rest, axis=1)  # [4, 4]: the matrix's columns as rows
    return graph.reshape(graph.node("Transpose", columns, perm=(1, 0)), (1, 4, 4))


def sampled_region(
    graph: OnnxGraph, maps: str, matrix: str, maps_size: tuple[int, int], size: tuple[int, int]
) -> str:
    """TransformTensorBilinear: maps [1, C, H, W] and a matrix [1, 4, 4] -> the region [1, C, h, w].

    `maps_size` is (W, H), `size` (w, h). A pixel whose centre is not between those of the maps is 0.
    """
    width, height = size
    v, u = np.mgrid[:height, :width] + 0.5  # centres of the region's pixels
    grid = np.stack([u.ravel(), v.ravel(), np.zeros(u.size), np.ones(u.size)])  # [4, h w]
    moved = graph.node("MatMul", matrix, graph.constant(grid))  # [1, 4, h w]
    moved = graph.columns(graph.node("Transpose", moved, perm=(0, 2, 1)), 0, 2)  # [1, h w, 2]
    scale = graph.constant(np.divide(2, maps_size))
    place = graph.node("Sub", graph.node("Mul", moved, scale), graph.constant([1, 1]))  # -1..1 in the maps
    sampled = graph.node("GridSample", maps, graph.reshape(place, (1, height, width, 2)))
    furthest = graph.constant(1 - np.divide(1, maps_size))
    inside = graph.node("LessOrEqual", graph.node("Abs", place), furthest)
    inside = graph.node("ReduceMin", graph.node("Cast", inside, to=1), axes=[2], keepdims=0)  # [1, h w]
    return graph.node("Mul", sampled, graph.reshape(inside, (1, 1, height, width)))


def read_landmarks(graph: OnnxGraph, landmarks: str, matrix: str) -> str:
    """TransformLandmarks: landmarks [1, n, 2] in a region and its matrix [1, 4, 4] -> [1, n, 2] outside."""
    flat = graph.reshape(matrix, (4, 4))
    rows = _rows(graph, flat, [0, 1])  # [2, 4]
    turn = graph.node("Transpose", graph.columns(rows, 0, 2), perm=(1, 0))  # [2, 2]
    shift = graph.reshape(graph.columns(rows, 3, 4), (1, 2))
    return graph.node("Add", graph.node("MatMul", landmarks, turn), shift)


def _rows(graph: OnnxGraph, value: str, rows: Sequence[int]) -> str:
    return graph.node("Gather", value, graph.constant(rows, np.int64), axis=0)
