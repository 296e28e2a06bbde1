"""`make demo`: edits the sample portrait through the core process and its socket, as the plugin does."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from ..bridge.client import Client, ConnectionLost
from ..bridge.launch import CoreNotInstalled, start_core
from ..bridge.messages import (
    CORE_STATUS,
    ApplyEdits,
    EditState,
    Frame,
    Layer,
    OpenedPicture,
    OpenPack,
    OpenPicture,
    Progress,
    ProjectPicture,
    Quality,
)
from ..bridge.protocol import CallError
from ..core.errors import CoreError
from ..core.files.pictures import read_picture

SAMPLE = Path(__file__).with_name("sample") / "portrait.png"
PICTURE = "demo"  # its name in the core
EDITS = {"smile": 1.0, "hair_length": 0.5}
STEPS = 40
SHOWN: tuple[Quality, ...] = ("draft", "preview", "full")
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
        # a separate socket: the demo shows this checkout's core, not one that Krita has started
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
    """Opens, projects, edits at every quality and applies; rgba is uint8 [H, W, 4]."""
    height, width = rgba.shape[:2]
    pack = client.call(OpenPack.METHOD, OpenPack().data()).result
    print(
        f"pack {pack['name']} ({pack['licence']}), {len(pack['directions'])} directions; loss: {pack['loss']}"
    )
    picture = OpenPicture(PICTURE, width, height, rgba.tobytes())
    found = OpenedPicture.of(client.call(picture.METHOD, picture.data(), picture.attachment).result)
    place = found.placement
    print(f"face found at {place.x:.0f}, {place.y:.0f}: {place.size:.0f} px, turned by {place.angle:.0f}°")
    project(client)
    faces = {"original": Image.fromarray(rgba).convert("RGB")}
    for stamp, quality in enumerate(SHOWN, start=1):
        faces[quality] = last_frame(client, EditState(PICTURE, stamp, EDITS, quality))
    asked = ApplyEdits(PICTURE, EDITS)
    layer = Layer.of(*client.call(asked.METHOD, asked.data()))
    applied = Image.fromarray(rgba)
    applied.alpha_composite(_image(layer), (layer.x, layer.y))
    faces["applied"] = applied.convert("RGB")
    for name, face in faces.items():
        face.save(out / f"{name}.png")
    strip(faces).save(out / "strip.png")
    resident = client.call(CORE_STATUS).result["resident_bytes"]
    if resident is not None:
        print(f"core: {resident / 2**20:.0f} MiB resident")
    print(f"edits {EDITS} written to {out}/: {', '.join(faces)} and strip.png")


def project(client: Client) -> None:
    """Projects the open picture with a progress bar."""
    asked = ProjectPicture(PICTURE, steps=STEPS)
    with tqdm(total=STEPS, desc="projecting", unit="step") as bar:

        def show(method: str, params: dict, attachment: bytes) -> None:
            if method == Progress.METHOD:
                progress = Progress.of(params)
                bar.update(progress.step - bar.n)
                bar.set_postfix(loss=f"{progress.loss:.4f}", stage=progress.stage)

        reply = client.call(asked.METHOD, asked.data(), on_notification=show)
    print("projection: {stopped} after {step} steps, loss {loss:.4f}".format(**reply.result))


def last_frame(client: Client, state: EditState) -> Image.Image:
    """The last frame of an edit."""
    frames: list[Frame] = []

    def keep(method: str, params: dict, attachment: bytes) -> None:
        if method == Frame.METHOD and params["stamp"] == state.stamp:
            frames.append(Frame.of(params, attachment))

    client.call(state.METHOD, state.data(), on_notification=keep)
    frame = frames[-1]
    ratio = "" if frame.ratio is None else f" · ×{frame.ratio:g}"
    print(f"{state.quality:>8}: {frame.resolution} px{ratio} · {frame.ms:.0f} ms")
    return _image(frame).convert("RGB")


def _image(drawn: Frame | Layer) -> Image.Image:
    return Image.frombytes("RGBA", (drawn.width, drawn.height), drawn.rgba)


def strip(faces: dict[str, Image.Image]) -> Image.Image:
    """The pictures side by side, with their names below."""
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
