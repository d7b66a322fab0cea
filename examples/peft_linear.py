"""Hugging Face PEFT on one linear layer: LoRA by SGD on both factors, in double precision.

It needs the extra `torch` (pip install "ractheory[torch]"). One pair of factors, never merged: the rate
of RAC-LoRA is refuted.

    ractheory conform examples/peft_linear.py:Lora --theorem gd-pl
"""

import torch
from peft import LoraConfig, get_peft_model

DECLARES = {"gammaL": 1.0, "rank": 1, "side": "left"}


class Lora:
    """A linear layer with an adapter; one object a run."""

    def begin(self, W, rng, state):
        torch.manual_seed(int(rng.integers(2**31)))
        m, n = W.shape
        linear = torch.nn.Linear(n, m, bias=False, dtype=torch.float64)
        linear.weight.data = torch.from_numpy(W.copy())
        rank = DECLARES["rank"]
        config = LoraConfig(r=rank, lora_alpha=rank, target_modules=["0"])
        self.model = get_peft_model(
            torch.nn.Sequential(linear), config, autocast_adapter_dtype=False
        )
        self.model.double()
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.SGD(trained, lr=DECLARES["gammaL"] / state["L"])
        self.units = torch.eye(n, dtype=torch.float64)

    def step(self, W, gradient, rng, state):
        if state["t"] == 0:
            self.begin(W, rng, state)
        self.optimizer.zero_grad()
        # The layer maps the unit vectors to the rows of its weight, so this is the chain rule from W on.
        self.model(self.units).backward(torch.from_numpy(gradient(W).T.copy()))
        self.optimizer.step()
        return self.model(self.units).detach().numpy().T
