#!/usr/bin/env python3
"""A classifier head as torch saves it, and what torch computes with it, for the tests of longfirst.

    python make_head.py .

writes head.safetensors, the state dict of Sequential(Linear, BatchNorm1d, ReLU, Linear), and expected.safetensors: rows
F32 [5, 32] and scores F32 [5, 3]. Needs torch and safetensors.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file

torch.manual_seed(1)
out = pathlib.Path(sys.argv[1])
head = torch.nn.Sequential(torch.nn.Linear(32, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
for _ in range(20):  # of training, for the running mean and variance
    head(torch.randn(16, 32) * 2 + 1)
with torch.no_grad():
    head[1].weight.copy_(torch.rand(8) + 0.5)
    head[1].bias.copy_(torch.randn(8))
    head.eval()
    rows = torch.randn(5, 32)
    save_file({"rows": rows, "scores": head(rows)}, out / "expected.safetensors")
save_file(head.state_dict(), out / "head.safetensors")
