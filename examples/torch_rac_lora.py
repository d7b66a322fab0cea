"""RAC-LoRA as a PyTorch module with an optimizer: one factor frozen, the other trained, merged and drawn anew.

It needs the extra `torch`. B has orthonormal columns, so that one step of SGD on A is the step with the
pseudo-inverse.

    ractheory conform examples/torch_rac_lora.py:RacLora --theorem descent gd-pl
"""

import torch

DECLARES = {"gammaL": 1.0, "rank": 2, "side": "left"}


class RacLora(torch.nn.Module):
    """W + B A, of which A is trained."""

    def __init__(self, W, L):
        super().__init__()
        self.W = W
        self.A = torch.nn.Parameter(torch.zeros(DECLARES["rank"], W.shape[1]))
        self.B = self.draw()
        self.optimizer = torch.optim.SGD([self.A], lr=DECLARES["gammaL"] / L)

    def draw(self):
        return torch.linalg.qr(torch.randn(self.W.shape[0], DECLARES["rank"]))[0]

    def forward(self):
        return self.W + self.B @ self.A

    @torch.no_grad()
    def merge(self):
        self.W += self.B @ self.A
        self.A.zero_()
        self.B = self.draw()
