"""What trains and draws runs on a GPU, too: nothing is made on the CPU that must meet it there. The GPU is
pretended, so its numbers are the CPU's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pretended_gpu import pretended_gpu
from toy_heads import KIND, faces

from anycost.lab.data.head_cache import fill
from anycost.lab.generator.generating import Generating, GeneratorSettings
from anycost.lab.heads.controls import STYLE_DIM
from anycost.lab.heads.heads import render_z
from anycost.lab.networks.finding import unseen
from anycost.lab.networks.head_reading import HeadReaderSettings, HeadReaderTraining
from anycost.lab.running.config import build

ON_CUDA = torch.device("cuda", 0)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heads")
    fill(folder, 512, KIND, source=faces, style_dim=STYLE_DIM)
    return folder


def both(work: Callable[[], dict[str, torch.Tensor]]) -> None:
    """The work gives the same numbers on a GPU as on the CPU, and leaves them there."""
    here = work()
    with pretended_gpu():
        there = work()
        assert {value.device for value in there.values()} == {ON_CUDA}
        there = {name: value.cpu() for name, value in there.items()}
    torch.testing.assert_close(there, here, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("mixed", "told"),
    [
        (lambda gpu, cpu: gpu + cpu, "same device: add"),
        (lambda gpu, cpu: torch.where(cpu > 0, gpu, gpu), "same device: where"),
        (lambda gpu, cpu: cpu[gpu.long()], "same device"),
        (lambda gpu, cpu: torch.stack([gpu.sum(), cpu.sum()]), "same device: stack"),
        (lambda gpu, cpu: torch.nn.Linear(3, 2).to("cuda")(cpu), "same device: linear"),
        (lambda gpu, cpu: torch.nn.Linear(3, 2)(gpu), "same device: linear"),
        (lambda gpu, cpu: cpu.index_copy_(0, torch.arange(3), gpu), "same device"),
        (lambda gpu, cpu: gpu.numpy(), "use Tensor.cpu"),
    ],
)
def test_mixing_devices_fails(mixed: Callable[[Any, Any], Any], told: str):
    with pretended_gpu():
        cpu = torch.ones(3)
        with pytest.raises((RuntimeError, TypeError), match=f"(?i){told}"):
            mixed(cpu.to("cuda"), cpu)


def test_what_cuda_allows_passes_and_is_counted():
    with pretended_gpu(count=True) as counts:
        net = torch.nn.Linear(3, 2).to("cuda")
        given = torch.ones(4, 3, device="cuda")
        given[:2] = torch.zeros(2, 3)
        given = given[torch.tensor([0, 1, 3])] * torch.tensor(2.0)
        with torch.autocast("cuda", torch.bfloat16):
            answer = net(given)
        assert (answer.dtype, answer.exp().dtype) == (torch.bfloat16,) * 2
        answer.float().sum().backward()
        assert net.weight.grad is not None
        assert net.weight.grad.device == given.device == ON_CUDA
        assert counts.kernels.total() > 5
        assert not counts.waits
        answer.cpu()
        assert counts.waits.total() == 1
    assert not torch.cuda.is_available()


def test_heads_are_drawn(head_data: None):
    z = torch.randn(2, STYLE_DIM, generator=torch.Generator().manual_seed(4))
    alone = render_z(z, 32, wide=1.5)
    with pretended_gpu():
        drawn = render_z(z.to("cuda"), 32, wide=1.5)
        for name, value in vars(drawn).items():
            assert value.device == ON_CUDA, name
        part, rgb, landmarks = (getattr(drawn, name).cpu() for name in ("part", "rgb", "landmarks"))
    assert (part != alone.part).float().mean() < 2e-3
    assert (rgb - alone.rgb).abs().mean() < 1e-3
    torch.testing.assert_close(landmarks, alone.landmarks, atol=1e-4, rtol=1e-4)


def test_the_reader_of_heads_learns(cache: Path):
    def step() -> dict[str, torch.Tensor]:
        few = HeadReaderSettings((str(cache),), painted=0.5, batch=2, precision="float32")
        task = HeadReaderTraining(few)
        return task.step(next(task.batches(0)), 0)

    both(step)


def generator(cache: Path, kind: str) -> Generating:
    table = {
        "batch": 4,
        "precision": "float32",
        "generator": {"resolution": 16, "channels": [8] * 6, "style_dim": STYLE_DIM, "noise": "random"},
        "discriminator": {"channels": [8, 8, 8]},
        "data": {"kind": "heads", "caches": [str(cache)]},
        "stages": [{"kind": kind, "pictures": 16, "resolutions": [8, 16]}],
    }
    return Generating(build(GeneratorSettings, table))


@pytest.mark.parametrize("kind", ["distil", "multi-resolution"])
def test_a_generator_learns(cache: Path, kind: str):
    def step() -> dict[str, torch.Tensor]:
        task = generator(cache, kind)
        return task.step(next(task.batches(0)), 0)

    both(step)


def test_a_finders_unseen_scenes_stay_on_the_cpu():
    here = unseen(2)
    with pretended_gpu():
        there = unseen(2)
        assert there.pictures.device.type == there.found.device.type == "cpu"
    torch.testing.assert_close(there.pictures, here.pictures)
