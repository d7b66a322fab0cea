"""Hugging Face PEFT on one linear layer: LoRA by SGD on both factors.

It needs the extra `torch` (pip install "ractheory[torch]"). One pair of factors, never merged: the rate
of RAC-LoRA is refuted.

    ractheory conform examples/peft_linear.py:Lora --theorem gd-pl
"""

import torch
from peft import LoraConfig, get_peft_model

DECLARES = {"gammaL": 1.0, "rank": 1, "side": "left"}


class Lora(torch.nn.Module):
    """A linear layer with an adapter; `forward` is the matrix that it applies."""

    def __init__(self, W, L):
        super().__init__()
        (m, n), rank = W.shape, DECLARES["rank"]
        linear = torch.nn.Linear(n, m, bias=False)
        linear.weight.data = W
        config = LoraConfig(r=rank, lora_alpha=rank, target_modules=["0"])
        self.model = get_peft_model(
            torch.nn.Sequential(linear), config, autocast_adapter_dtype=False
        )
        trained = [p for p in self.parameters() if p.requires_grad]
        self.optimizer = torch.optim.SGD(trained, lr=DECLARES["gammaL"] / L)

    def forward(self):
        weight = self.model.base_model.model[0].weight
        return self.model(torch.eye(weight.shape[1])).T
