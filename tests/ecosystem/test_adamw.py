"""AdamW of the network experiment is that of PyTorch."""

from importlib.util import find_spec

import numpy as np
import pytest

from ractheory.engine.mlp.adamw import AdamW


@pytest.mark.skipif(find_spec("torch") is None, reason="the extra torch is not installed")
@pytest.mark.filterwarnings("ignore")
def test_adamw_is_that_of_torch():
    import torch

    rng = np.random.default_rng(1)
    p, gradients = rng.standard_normal(5), rng.standard_normal((30, 5))
    theirs = torch.tensor(p.copy(), requires_grad=True)
    optimizer = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1)
    ours, adam = p.copy(), AdamW(0.01, 0.1)
    for g in gradients:
        theirs.grad = torch.tensor(g)
        optimizer.step()
        adam.step([ours], [g])
    # 30 steps of about ten operations on entries below 4.
    assert np.abs(ours - theirs.detach().numpy()).max() < 30 * 10 * 4 * np.finfo(float).eps
