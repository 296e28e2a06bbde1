"""The `anycost` command as a user runs it: real processes, their files, exit codes and output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_face import portrait, with_colour_finder
from PIL import Image

from anycost import __version__
from anycost.bridge.messages import OpenedPicture, Placement
from anycost.commands.cli import main
from anycost.commands.edit import UNCHANGED, warnings
from anycost.commands.render import grid, parse_channels, read_latents, render_file
from anycost.core.errors import CoreError
from anycost.models.generator import Generator
from anycost.models.pack import Pack
from anycost.models.prior import seeded

FACE = Placement(70, 60, 90)
PICTURE = portrait(FACE, 150, 120)
COMMAND = [sys.executable, "-m", "anycost"]

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture(scope="module")
def folder(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's data folder with one installed pack; its finder sees a portrait()."""
    home = tmp_path_factory.mktemp("home")
    (home / "anycost" / "packs").mkdir(parents=True)
    return with_colour_finder(tiny_pack, home / "anycost" / "packs" / "tiny")


@pytest.fixture
def anycost(folder: Path, tmp_path: Path) -> Run:
    """Run the command as a process in an empty folder, with the pack "tiny" installed."""
    environment = {**os.environ, "XDG_DATA_HOME": str(folder.parents[2]), "OMP_NUM_THREADS": "1"}

    def run(*arguments: object) -> Done:
        line = [*COMMAND, *map(str, arguments)]
        return subprocess.run(
            line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )

    return run


@pytest.fixture
def called(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> Run:
    """Run the command inside this process, where a separate one would make no difference."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder.parents[2]))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Done:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        out, complaints = capfd.readouterr()
        assert isinstance(code, int)
        return subprocess.CompletedProcess([], code, out, complaints)

    return run


def refused(done: Done, *words: str) -> None:
    """Expect exit code 2, nothing on stdout, and one sentence on stderr with these words."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("anycost: ")
    assert done.stderr.endswith(".\n")
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr


def sentence(call) -> str:
    with pytest.raises(CoreError) as error:
        call()
    return error.value.message


def test_version_and_help_need_no_torch(anycost: Run):
    refused(anycost("paint"), "paint", "--help")
    done = anycost("--version")
    assert (done.returncode, done.stdout) == (0, f"anycost {__version__}\n")
    code = (
        "import sys; from anycost.commands.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code + "print(any(m in sys.modules for m in ('torch', 'numpy', 'PIL')))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.endswith("False\n")
    for command in ("edit", "render", "packs", "serve", "studio", "plugin"):
        assert command in loaded.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "COMMAND"),
        (["edit", "in.png"], "OUT"),
        (["edit", "in.png", "out.png", "--quality", "best"], "best"),
        (["edit", "in.png", "out.png", "--seconds", "soon"], "soon"),
        (["edit", "in.png", "out.png", "--seconds", "nan"], "nan"),
        (["render", "--out", "a.png"], "--latents"),
        (["render", "--seed", "1", "--latents", "w.npy", "--out", "a.png"], "--latents"),
        (["packs", "import", "file"], "--name"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(called: Run, arguments: list[str], word: str):
    refused(called(*arguments), word, "--help")


# edit


@pytest.mark.slow
def test_edit_changes_the_face_and_nothing_else(anycost: Run, tmp_path: Path):
    Image.fromarray(PICTURE).save(tmp_path / "in.png")
    done = anycost("edit", "in.png", "out.png", "--set", "smile=0.5", "--pack", "tiny", "--seconds", "0.5")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    out = np.array(Image.open(tmp_path / "out.png").convert("RGBA"))
    assert out.shape == PICTURE.shape
    y, x = np.mgrid[:120, :150] + 0.5
    distance = np.abs(np.stack(FACE.to_unit(x, y), axis=-1) - 0.5).max(axis=-1)
    assert np.array_equal(out[distance > 0.55], PICTURE[distance > 0.55])
    changed = (out != PICTURE).any(axis=-1)
    assert changed[distance < 0.3].mean() > 0.5  # the amount depends on the steps that fit into the time
    assert sorted(os.listdir(tmp_path)) == ["in.png", "out.png"]


QUICKLY = ("--set", "smile=1", "--quality", "draft", "--seconds", "0")


def test_edit_reads_and_writes_other_formats(called: Run, folder: Path, tmp_path: Path):
    Image.fromarray(PICTURE).save(tmp_path / "in.webp", lossless=True)
    done = called("edit", "in.webp", "out.jpg", "--pack", folder, *QUICKLY)
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "out.jpg") as out:
        assert (out.format, out.size) == ("JPEG", (150, 120))


@pytest.mark.parametrize("settings", [(), ("--set", "smile=0", "--set", "smile=-0")])
def test_edit_without_an_edit_looks_for_no_face(called: Run, tmp_path: Path, settings: tuple[str, ...]):
    Image.effect_noise((40, 30), 50).save(tmp_path / "in.jpg", quality=70)
    done = called("edit", "in.jpg", "out.jpg", "--pack", "tiny", *settings)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "out.jpg").read_bytes() == (tmp_path / "in.jpg").read_bytes()


def test_edit_only_where_a_mask_is_white(called: Run, tmp_path: Path):
    exif = Image.Exif()
    exif[0x013B] = "A. Painter"
    Image.fromarray(PICTURE).save(tmp_path / "in.png", exif=exif)
    mask = np.zeros(PICTURE.shape[:2], np.uint8)
    mask[:, :70] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    assert called("edit", "in.png", "all.png", "--pack", "tiny", *QUICKLY).returncode == 0
    assert (
        called("edit", "in.png", "out.png", "--pack", "tiny", *QUICKLY, "--only", "mask.png").returncode == 0
    )
    whole, part = (np.array(Image.open(tmp_path / name)) for name in ("all.png", "out.png"))
    assert (whole != PICTURE).any(axis=-1)[:, 70:].any()
    assert np.array_equal(part[:, 70:], PICTURE[:, 70:])
    assert (part != PICTURE).any(axis=-1)[:, :70].any()
    with Image.open(tmp_path / "out.png") as out:
        assert out.getexif()[0x013B] == "A. Painter"


def test_edit_says_that_it_changes_nothing(called: Run, tmp_path: Path):
    Image.fromarray(PICTURE).save(tmp_path / "in.png")
    Image.new("L", (150, 120)).save(tmp_path / "mask.png")
    done = called("edit", "in.png", "out.png", "--pack", "tiny", *QUICKLY, "--only", "mask.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"{UNCHANGED}\n")
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "in.png").read_bytes()


def test_edit_refuses_a_mask_that_does_not_fit(called: Run, tmp_path: Path):
    Image.fromarray(PICTURE).save(tmp_path / "in.png")
    Image.new("L", (30, 40)).save(tmp_path / "small.png")
    (tmp_path / "text.png").write_text("white")
    line = ("edit", "in.png", "out.png", "--pack", "tiny", "--set", "smile=1", "--only")
    refused(called(*line, "small.png"), "small.png", "30 x 40", "150 x 120")
    refused(called(*line, "text.png"), "text.png", "PNG")
    refused(called(*line, "none.png"), "none.png")
    assert not (tmp_path / "out.png").exists()


def test_edit_warns_of_a_picture_far_from_the_packs():
    opened = OpenedPicture(FACE, "This is a photograph.", ("age", "smile"))
    advice, limit = warnings(opened, {"smile": 0.5, "age": 0, "hair_length": 1})
    assert advice == "This is a photograph."
    assert limit.startswith("smile ")
    assert warnings(OpenedPicture(FACE), {"smile": 0.5}) == []


def test_edit_tells_of_a_file_that_was_cut_off(called: Run, tmp_path: Path):
    Image.fromarray(PICTURE).convert("RGB").save(tmp_path / "in.jpg", quality=95)
    whole = (tmp_path / "in.jpg").read_bytes()
    (tmp_path / "in.jpg").write_bytes(whole[: len(whole) * 19 // 20])
    done = called("edit", "in.jpg", "out.png", "--pack", "tiny", *QUICKLY)
    assert done.returncode == 0
    assert '"in.jpg"' in done.stderr
    assert done.stderr.count("\n") == 1


def test_edit_refuses_before_it_works(called: Run, tmp_path: Path):
    Image.new("RGB", (60, 50), "white").save(tmp_path / "white.png")
    smile = ("--set", "smile=1")
    done = called("edit", "white.png", "out.png", "--pack", "tiny", *smile)
    refused(done, "No face was found", "studio")
    refused(called("edit", "none.png", "out.png", "--pack", "tiny"), "none.png")
    refused(called("edit", "white.png", "out.gif", "--pack", "tiny"), "out.gif")
    refused(called("edit", "white.png", "out.png", "--pack", "tiny", "--set", "beard=1"), "beard", "smile")
    refused(called("edit", "white.png", "out.png", "--pack", "tiny", "--set", "smile"), "NAME=NUMBER")
    refused(called("edit", "white.png", "out.png", "--pack", "nowhere"), "nowhere", "tiny")
    assert os.listdir(tmp_path) == ["white.png"]


def heed_ctrl_c() -> None:
    """A shell's background jobs, like these tests, start with the signal ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_ctrl_c_ends_quietly_and_leaves_nothing(folder: Path, tmp_path: Path):
    Image.fromarray(PICTURE).save(tmp_path / "in.png")
    line = [*COMMAND, "edit", "in.png", "out.png", "--set", "smile=1", "--pack", str(folder)]
    process = subprocess.Popen(
        line,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=heed_ctrl_c,
    )
    time.sleep(1)  # it is importing or projecting: both must end quietly
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=300)
    assert process.returncode in (130, -signal.SIGINT)
    assert b"Traceback" not in complaints
    assert os.listdir(tmp_path) == ["in.png"]


# render


def test_render_gives_the_generators_numbers(called: Run, folder: Path, tmp_path: Path):
    pack = Pack.open(folder)
    w = np.random.default_rng(0).normal(0, 1, (2, pack.n_style, pack.style_dim)).astype(np.float32)
    np.save(tmp_path / "w.npy", w)
    done = called(
        "render",
        "--pack",
        "tiny",
        "--latents",
        "w.npy",
        "--resolution",
        16,
        "--channels",
        "0.5",
        "--out",
        "a.npy",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    counts = [c // 2 for c in pack.channels[:6]]
    with torch.no_grad():
        expected = pack.generator()(torch.from_numpy(w), 16, counts, "constant").numpy()
    found = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert found.dtype == np.float32
    assert np.allclose(found, expected, atol=1e-4)


def test_render_draws_the_same_picture_for_the_same_seed(called: Run, tmp_path: Path):
    for name in ("a.png", "b.png"):
        done = called(
            "render", "--pack", "tiny", "--seed", 5, "--channels", "24,24,24,24,16,16,16,16", "--out", name
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        assert (image.size, image.mode) == ((32, 32), "RGB")


def test_render_refuses_what_the_pack_cannot_draw(called: Run, tmp_path: Path):
    np.save(tmp_path / "w.npy", np.zeros((1, 3, 16), np.float32))
    refused(called("render", "--pack", "tiny", "--latents", "w.npy", "--out", "a.png"), "w.npy", "float32")
    refused(called("render", "--pack", "tiny", "--seed", 1, "--resolution", 64, "--out", "a.png"), "64", "32")
    refused(called("render", "--pack", "tiny", "--seed", 1, "--out", "a.txt"), "a.txt")
    assert os.listdir(tmp_path) == ["w.npy"]


def test_seeded_latents_are_truncated_towards_the_mean(folder: Path):
    pack = Pack.open(folder)
    w = seeded(pack, 9)
    z = torch.randn(1, pack.style_dim, generator=torch.Generator().manual_seed(9))
    generator: Generator = pack.generator()
    assert w.shape == (1, pack.n_style, pack.style_dim)
    mean = torch.from_numpy(pack.mean_w)
    assert torch.allclose(w[0, 3] - mean, 0.7 * (generator.style(z)[0] - mean), atol=1e-5)
    assert "seed" in sentence(lambda: render_file(pack, None, -1, None, "full", folder / "face.png"))


@pytest.mark.parametrize(
    "text", ["wide", "0", "1.5", "nan", "-1", "24,24", "25,24,24,24,16,16", "24,24,24,24,16,0", "1,,2"]
)
def test_invalid_channels(folder: Path, text: str):
    with pytest.raises(CoreError):
        parse_channels(text, 16, Pack.open(folder))


def test_channels_of_every_form(folder: Path):
    pack = Pack.open(folder)
    assert parse_channels("full", 32, pack) == pack.channels
    assert parse_channels("0.25", 8, pack) == (6, 6, 6, 6)
    assert parse_channels("1,2,3,4", 8, pack) == (1, 2, 3, 4)
    for side in (0, 5, 2, 64, -8):
        assert "cannot be drawn" in sentence(lambda side=side: parse_channels("full", side, pack))


def test_invalid_latents(folder: Path, tmp_path: Path):
    pack = Pack.open(folder)
    good = np.zeros((1, pack.n_style, pack.style_dim), np.float32)
    bad = {
        "f64": good.astype(np.float64),
        "flat": good[0],
        "empty": good[:0],
        "inf": good + np.float32("inf"),
        "objects": np.array([{"a": 1}], dtype=object),
    }
    for name, values in bad.items():
        np.save(tmp_path / f"{name}.npy", values, allow_pickle=True)
    np.savez(tmp_path / "archive.npy", good)
    np.save(tmp_path / "good.npy", good)
    header = (tmp_path / "good.npy").read_bytes()[:128]
    huge = header.replace(b"(1, 8, 16)", b"(9999999999, 8, 16)")[:128]
    (tmp_path / "huge.npy").write_bytes(huge + b"\0" * 64)
    os.mkfifo(tmp_path / "pipe.npy")
    for path in sorted(tmp_path.glob("*.npy")):
        if path.stem != "good":
            assert path.name in sentence(lambda path=path: read_latents(path, pack))
    assert read_latents(tmp_path / "good.npy", pack).shape == good.shape


def test_several_pictures_make_a_grid():
    pictures = np.arange(1, 11, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    made = grid(pictures)
    assert made.shape == (4, 16, 3)
    assert made[0, ::2, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert made[2, ::2, 0].tolist() == [9, 10, 0, 0, 0, 0, 0, 0]
    assert grid(pictures[:3]).shape == (2, 6, 3)


# packs and the rest


def test_packs_are_listed_and_shown(called: Run):
    listed = called("packs", "list")
    assert listed.returncode == 0
    assert "tiny\t32 px\tTiny\t" in listed.stdout
    shown = called("packs", "show", "tiny")
    assert shown.returncode == 0
    for words in ("Apache-2.0", "untrained", "encoder, finder, features", "×0.25", "smile", "-1 to 1"):
        assert words in shown.stdout
    refused(called("packs", "show", "nowhere"), "nowhere")


def test_packs_import_makes_a_pack_that_renders(called: Run, tmp_path: Path):
    torch.manual_seed(0)
    generator = Generator(16, (16, 16, 16, 16, 16, 16), style_dim=16, n_mlp=2)
    torch.save({"g_ema": generator.state_dict()}, tmp_path / "model.pt")
    done = called("packs", "import", "model.pt", "--name", "mine", "--out", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(tmp_path / "mine")
    assert called("render", "--pack", tmp_path / "mine", "--seed", 1, "--out", "a.png").returncode == 0
    refused(called("packs", "import", "a.png", "--name", "other", "--out", "other"), "a.png")


def test_serve_listens_until_it_is_told_to_leave(folder: Path, tmp_path: Path):
    (tmp_path / "run").mkdir(mode=0o700)
    path = tmp_path / "run" / "core.sock"
    line = [*COMMAND, "serve", "--socket", str(path), "--pack", str(folder)]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    try:
        for _ in range(3000):
            if path.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        assert path.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=300) == 0
    finally:
        process.kill()
        process.wait()
    assert not path.exists()
