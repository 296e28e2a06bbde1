"""What the server of `forked.py` imports once for all of its processes."""

from __future__ import annotations

import torch
import torch._dynamo  # every first optimiser imports it

from anycost.commands import cli
from anycost.lab import training
from anycost.lab.measuring import every_metric, frechet
from anycost.lab.search import searcher

torch.set_num_threads(1)  # a fork would have none of its server's other threads
frechet._torchmetrics()
IMPORTED = (cli, training, every_metric, searcher)
