"""`anycost faces`: finds and reads every face in a picture file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_pack, command, open_pack

if TYPE_CHECKING:
    from ..core.faces.reading import Reading


def add(commands: argparse._SubParsersAction) -> None:
    text = "find and read every face in a picture file, from left to right"
    parser = command(commands, "faces", run, text)
    parser.add_argument("source", type=Path, metavar="PICTURE", help="a PNG, JPEG, WebP, TIFF or BMP file")
    text = "print all points as JSON, in pixels of the upright picture"
    parser.add_argument("--json", action="store_true", help=text)
    parser.add_argument(
        "--draw", type=Path, metavar="OUT.png", help="write the picture with the faces drawn in"
    )
    add_pack(parser)


def run(chosen: argparse.Namespace) -> None:
    from ..core.faces.marks import marked
    from ..core.faces.readers import readers_of
    from ..core.files.pictures import check_writable, read_picture, write_picture

    if chosen.draw:
        check_writable(chosen.draw)
    rgba = read_picture(chosen.source)  # [H, W, 4]
    readers = readers_of(open_pack(chosen.pack))
    faces = readers.read(rgba)
    if chosen.json:
        print(json.dumps({"faces": [described(face) for face in faces]}))
    else:
        print(
            "\n".join(in_words(number, face) for number, face in enumerate(faces, 1)) or "No face was found."
        )
    if readers.advice:
        print(readers.advice, file=sys.stderr)
    if chosen.draw:
        write_picture(chosen.draw, marked(rgba, faces))


def described(face: Reading) -> dict[str, Any]:
    """A face for JSON: points in pixels, turn in degrees, score from 0 to 1."""

    def rounded(values: Sequence[float]) -> list[float]:
        return [round(value, 2) for value in values]

    return {
        "eyes": [rounded(eye) for eye in face.eyes],
        "nose": rounded(face.nose),
        "mouth": [rounded(corner) for corner in face.mouth],
        "chin": rounded(face.chin),
        "turn": rounded(face.turn),
        "score": round(face.score, 3),
    }


def in_words(number: int, face: Reading) -> str:
    """A line such as "1: eyes at 398,226; 97 px; 28° right, 13° down, tilted 24° left; score 0.87"."""
    x, y = face.sighting.between_eyes
    yaw, pitch, roll = face.turn
    across, along, tilt = (
        "right" if yaw > 0 else "left",
        "up" if pitch > 0 else "down",
        "right" if roll > 0 else "left",
    )
    turn = f"{abs(yaw):.0f}° {across}, {abs(pitch):.0f}° {along}, tilted {abs(roll):.0f}° {tilt}"
    return f"{number}: eyes at {x:.0f},{y:.0f}; {face.sighting.size:.0f} px; {turn}; score {face.score:.2f}"
