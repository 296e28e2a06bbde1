"""A folder in CelebA's layout: painted portraits, and what they show according to the painter."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from anycost.lab.networks.attributes import NAMES, attribute_table
from anycost.lab.painter import STYLE_DIM, paint_z

SHOWN = {"Smiling": "smile", "Male": "masculine", "Black_Hair": "black_hair", "No_Beard": "beard"}
SIZE = (178, 218)  # px, width and height of CelebA's aligned pictures


def make_celeba_folder(folder: Path, count: int = 24) -> Path:
    """Half of the pictures are for training, a quarter for validation, the rest for tests."""
    z = torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(0))
    values = attribute_table(z)[:, [NAMES.index(control) for control in SHOWN.values()]]
    labels = torch.where(values > values.median(0).values, 1, -1)
    files = [f"{k:06d}.jpg" for k in range(1, count + 1)]
    for inside in ("Anno", "Eval", "img_align_celeba"):
        (folder / inside).mkdir(parents=True)
    rows = [f"{file}  " + "  ".join(map(str, row)) for file, row in zip(files, labels.tolist(), strict=True)]
    text = "\n".join([str(count), " ".join(SHOWN) + " ", *rows, ""])
    (folder / "Anno" / "list_attr_celeba.txt").write_text(text)
    parts = [f"{file} {max(0, 4 * k // count - 1)}\n" for k, file in enumerate(files)]
    (folder / "Eval" / "list_eval_partition.txt").write_text("".join(parts))
    width, height = SIZE
    rgb = ((paint_z(z, 64).rgb.permute(0, 2, 3, 1) + 1) * 127.5).byte().numpy()
    for file, pixels in zip(files, rgb, strict=True):
        image = Image.new("RGB", SIZE, "red")  # above and below the middle square
        image.paste(Image.fromarray(pixels).resize((width, width)), (0, (height - width) // 2))
        image.save(folder / "img_align_celeba" / file, quality=95)
    return folder
