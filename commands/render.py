"""`anycost render`: draws latents with any sub-generator of a pack, as a PNG or as exact numbers."""

from __future__ import annotations

import argparse
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import CoreError
from .arguments import add_pack, command, open_pack

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..models.pack import Pack

COLUMNS = 8  # of the grid of several pictures in a PNG
MAX_BYTES = 2 << 30  # of all pictures together
MAX_SEED = 2**63 - 1


def add(commands: argparse._SubParsersAction) -> None:
    parser = command(commands, "render", run, "draw latents with any sub-generator of a pack")
    add_pack(parser)
    latents = parser.add_mutually_exclusive_group(required=True)
    latents.add_argument("--latents", type=Path, metavar="FILE.npy", help="float32 [N, n_style, style_dim]")
    latents.add_argument("--seed", type=int, help="draw one latent from the prior, truncated to 0.7")
    parser.add_argument("--resolution", type=int, metavar="R", help="px (default: the pack's)")
    parser.add_argument(
        "--channels",
        default="full",
        metavar="full|RATIO|C0,C1,...",
        help="channels of the layers (default: full)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png|FILE.npy")


def run(chosen: argparse.Namespace) -> None:
    pack = open_pack(chosen.pack)
    render_file(pack, chosen.latents, chosen.seed or 0, chosen.resolution, chosen.channels, chosen.out)


def render_file(
    pack: Pack, latents: Path | None, seed: int, resolution: int | None, channels: str, out: Path
) -> None:
    """Draws the latents of an .npy file, or one from the prior by `seed`, with constant noise.

    `out` ends in .npy (float32 [N, 3, R, R], not clamped) or .png (rows of up to 8 pictures, cut to the
    pack's shape). CoreError "bad-value" for what the pack cannot draw.
    """
    import numpy as np
    import torch
    from PIL import Image

    from ..core.files.whole_file import write_bytes
    from ..core.rendering.cores import use_available_cores
    from ..core.rendering.renderer import to_pixels
    from ..models.picture_shape import shown_box
    from ..models.prior import seeded

    if out.suffix.lower() not in (".npy", ".png"):
        raise CoreError("bad-value", f'"{out}" must end in .png (to look at) or .npy (exact numbers).')
    side = pack.resolution if resolution is None else resolution
    counts = parse_channels(channels, side, pack)
    if not 0 <= seed <= MAX_SEED:
        raise CoreError("bad-value", f"A seed is a whole number from 0 to {MAX_SEED}.")
    w = seeded(pack, seed) if latents is None else read_latents(latents, pack)  # [N, n_style, D]
    if len(w) * 12 * side * side > MAX_BYTES:
        raise CoreError("bad-value", f"{len(w)} pictures of {side} px are too many at once: give fewer.")
    use_available_cores()
    rgb = torch.empty(len(w), 3, side, side)  # [N, 3, R, R]
    with torch.inference_mode():
        for i in range(len(w)):
            rgb[i] = pack.generator()(w[i : i + 1], side, counts, "constant")[0]
    data = io.BytesIO()
    if out.suffix.lower() == ".npy":
        np.save(data, rgb.numpy(), allow_pickle=False)
    else:
        left, top, right, bottom = shown_box(side, pack.shape)
        Image.fromarray(grid(to_pixels(rgb)[:, top:bottom, left:right])).save(data, "PNG")
    write_bytes(out, data.getvalue())


def parse_channels(text: str, side: int, pack: Pack) -> tuple[int, ...]:
    """The counts for `side` px from "full", a ratio ("0.5"), or a count for each layer ("512,512,...")."""
    from ..models.layer_sizes import layer_count

    if side < 4 or side & (side - 1) or side > pack.resolution:
        raise CoreError("bad-value", f"{side} px cannot be drawn: take 4, 8, 16, ... {pack.resolution}.")
    full = pack.channels[: layer_count(side)]
    try:
        if text == "full":
            return full
        if "," not in text:
            return tuple(pack.rule.expand(full, float(text)))
        counts = tuple(int(count) for count in text.split(","))
    except ValueError:
        raise CoreError(
            "bad-value",
            f'"{text}" gives no channels: write full, a ratio of at most 1, or counts with commas.',
        ) from None
    if len(counts) != len(full) or not all(1 <= c <= most for c, most in zip(counts, full, strict=True)):
        most = ",".join(map(str, full))
        raise CoreError("bad-value", f"{side} px takes {len(full)} channel counts of at most {most}.")
    return counts


def read_latents(path: Path, pack: Pack) -> Tensor:
    """The w+ in an .npy file, float32 [N, n_style, style_dim]; values are read only if the shape fits."""
    import numpy as np
    import torch

    from ..core.files.decoding import check_is_file

    check_is_file(path, "bad-value")
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception:  # numpy raises almost anything on a damaged file
        raise CoreError("bad-value", f'"{path}" is not a readable .npy file of numbers.') from None
    shape = (pack.n_style, pack.style_dim)
    fits = isinstance(found, np.ndarray) and found.ndim == 3 and found.shape[1:] == shape and len(found) > 0
    if not fits or found.dtype != np.float32:
        raise CoreError("bad-value", f'"{path}" must hold float32 [N, {shape[0]}, {shape[1]}] for this pack.')
    if found.nbytes > MAX_BYTES or not np.isfinite(found).all():
        raise CoreError(
            "bad-value", f'"{path}" holds values that are not finite, or more than 2 GiB of them.'
        )
    return torch.from_numpy(np.array(found))


def grid(pictures: np.ndarray) -> np.ndarray:
    """uint8 [N, h, w, 3] -> one picture [rows * h, columns * w, 3]; the rest of the last row is black."""
    import numpy as np

    count, height, width = pictures.shape[:3]
    columns = min(count, COLUMNS)
    rows = math.ceil(count / columns)
    full = np.zeros((rows * columns, height, width, 3), np.uint8)
    full[:count] = pictures
    tiled = full.reshape(rows, columns, height, width, 3).transpose(0, 2, 1, 3, 4)  # [rows, h, columns, w, 3]
    return tiled.reshape(rows * height, columns * width, 3)
