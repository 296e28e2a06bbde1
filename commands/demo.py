"""`make demo`: one edit of the sample portrait, through the core process and its socket as the plugin does
it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from ..bridge.client import Client, ConnectionLost
from ..bridge.launch import CoreNotInstalled, start_core
from ..bridge.protocol import CallError
from ..core.errors import CoreError
from ..core.files.pictures import read_picture

SAMPLE = Path(__file__).with_name("sample") / "portrait.png"
EDITS = {"smile": 1.0, "hair_length": 0.5}
STEPS = 40
QUALITIES = ("draft", "preview", "full")
TILE = 256  # px of a picture in the strip
KRITA = """
To edit in Krita:
  .venv/bin/anycost plugin install
  then start Krita, open a portrait and choose Settings > Dockers > Anycost.
Without Krita: .venv/bin/anycost studio {sample}"""


def main(out: Path = Path("demo")) -> int:
    """Writes original, draft, preview, full, the applied picture and a strip of them into `out`."""
    try:
        rgba = read_picture(SAMPLE)
        out.mkdir(parents=True, exist_ok=True)
        # a socket of its own: the demo shows this checkout's core, not one that Krita has running
        with (
            tempfile.TemporaryDirectory() as folder,
            start_core(f"{folder}/core.sock", python=sys.executable) as client,
        ):
            walk(client, rgba, out)
    except (CoreError, CallError, CoreNotInstalled, ConnectionLost, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    print(KRITA.format(sample=SAMPLE))
    return 0


def walk(client: Client, rgba: np.ndarray, out: Path) -> None:
    """Open, project, edit at every quality, apply; rgba uint8 [H, W, 4]."""
    height, width = rgba.shape[:2]
    pack = client.call("pack/open", {}).result
    print(
        f"pack {pack['name']} ({pack['licence']}), {len(pack['directions'])} directions; loss: {pack['loss']}"
    )
    shape = {"format": "rgba8", "width": width, "height": height}
    placement = client.call("picture/open", {"picture": "demo", "attachment": shape}, rgba.tobytes()).result
    print("face found at", {name: round(value) for name, value in placement["placement"].items()})
    project(client)
    faces = {"original": Image.fromarray(rgba).convert("RGB")}
    for stamp, quality in enumerate(QUALITIES, start=1):
        faces[quality] = frame(client, stamp, quality)
    layer = client.call("picture/apply", {"picture": "demo", "edits": EDITS})
    size = layer.result["attachment"]
    pixels = Image.frombytes("RGBA", (size["width"], size["height"]), layer.attachment)
    applied = Image.fromarray(rgba)
    applied.alpha_composite(pixels, (layer.result["x"], layer.result["y"]))
    faces["applied"] = applied.convert("RGB")
    for name, face in faces.items():
        face.save(out / f"{name}.png")
    strip(faces).save(out / "strip.png")
    resident = client.call("core/status").result["resident_bytes"]
    if resident is not None:
        print(f"core: {resident / 2**20:.0f} MiB resident")
    print(f"edits {EDITS} written to {out}/: {', '.join(faces)} and strip.png")


def project(client: Client) -> None:
    """Projects the open picture with a progress bar."""
    with tqdm(total=STEPS, desc="projecting", unit="step") as bar:
        reply = client.call(
            "picture/project", {"picture": "demo", "steps": STEPS}, on_notification=_progress_on(bar)
        )
    print("projection: {stopped} after {step} steps, loss {loss:.4f}".format(**reply.result))


def _progress_on(bar: tqdm) -> Callable[[str, dict, bytes], None]:
    def show(method: str, params: dict, attachment: bytes) -> None:
        if method == "project/progress":
            bar.update(params["step"] - bar.n)
            bar.set_postfix(loss=f"{params['loss']:.4f}", stage=params["stage"])

    return show


def frame(client: Client, stamp: int, quality: str) -> Image.Image:
    """The last frame of the demo's edit at that quality."""
    frames: list[tuple[dict, bytes]] = []

    def keep(method: str, params: dict, attachment: bytes) -> None:
        if method == "frame" and params["stamp"] == stamp:
            frames.append((params, attachment))

    edit = {"picture": "demo", "stamp": stamp, "edits": EDITS, "quality": quality, "dragging": False}
    client.call("edit", edit, on_notification=keep)
    params, pixels = frames[-1]
    ratio = "" if params["ratio"] is None else f" · ×{params['ratio']:g}"
    print(f"{quality:>8}: {params['resolution']} px{ratio} · {params['ms']:.0f} ms")
    size = (params["attachment"]["width"], params["attachment"]["height"])
    return Image.frombytes("RGBA", size, pixels).convert("RGB")


def strip(faces: dict[str, Image.Image]) -> Image.Image:
    """The pictures side by side with their names below."""
    sheet = Image.new("RGB", (TILE * len(faces), TILE + 24), "white")
    draw = ImageDraw.Draw(sheet)
    for column, (name, face) in enumerate(faces.items()):
        face = face.copy() if max(face.size) > TILE else face.resize((TILE, TILE), Image.Resampling.BICUBIC)
        face.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(face, (column * TILE + (TILE - face.width) // 2, (TILE - face.height) // 2))
        draw.text((column * TILE + 8, TILE + 6), name, fill="black")
    return sheet


if __name__ == "__main__":
    sys.exit(main())
