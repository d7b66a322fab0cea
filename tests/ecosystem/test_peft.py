"""Hugging Face PEFT in double precision, with the gradients of PyTorch: the same steps as ours.

PEFT holds the transpose: W^T = W_0^T + s B' A' with A' = `lora_A` (r x m) and B' = `lora_B` (n x r), which is
W = W_0 + s B A with B = A'^T and A = B'^T. Its A' is drawn and its B' begins at zero.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra torch is not installed")
peft = pytest.importorskip("peft", reason="the extra torch is not installed")

from ractheory.engine.simulate import simulate  # noqa: E402
from ractheory.engine.transcription import transcribe  # noqa: E402
from ractheory.laws import Coordinates, Haar  # noqa: E402
from ractheory.methods import lora, rac_lora  # noqa: E402
from ractheory.objectives.own import least_squares  # noqa: E402
from ractheory.sketches import factor  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # warnings of packages that are not ours

RELATIVE = 1e-12
M, N, ROWS, RANK = 7, 5, 40, 2


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    X = rng.standard_normal((ROWS, M))
    return X, X @ rng.standard_normal((M, N)) + rng.standard_normal((ROWS, N))


@pytest.fixture(scope="module")
def f(data):
    return least_squares(*data)


@pytest.fixture(scope="module")
def start():
    return np.random.default_rng(12).standard_normal((M, N))


class Adapter:
    """A linear layer with the weights W and a PEFT adapter of scale alpha/r, its A' given."""

    def __init__(self, W, A, alpha=None, dtype=torch.float64):
        linear = torch.nn.Linear(M, N, bias=False, dtype=dtype)
        linear.weight.data = torch.from_numpy(W.T.copy()).to(dtype)
        config = peft.LoraConfig(
            r=RANK, lora_alpha=RANK if alpha is None else alpha, target_modules=["0"]
        )
        self.model = peft.get_peft_model(
            torch.nn.Sequential(linear), config, autocast_adapter_dtype=False
        )
        self.model.to(dtype)
        self.layer = self.model.base_model.model[0]
        self.A, self.B = self.layer.lora_A["default"].weight, self.layer.lora_B["default"].weight
        self.A.data = torch.from_numpy(A.copy()).to(dtype)
        assert not self.B.data.any()

    def loss_gradient(self, data):
        """Set the gradients of (1/2N) |X W - Y|^2, by automatic differentiation."""
        X, Y = (torch.from_numpy(part).to(self.A.dtype) for part in data)
        self.model.zero_grad()
        (((self.model(X) - Y) ** 2).sum() / (2 * len(X))).backward()

    def weight(self):
        """Return W = W_0 + s B A, read off as the image of the unit vectors."""
        return self.model(torch.eye(M, dtype=self.A.dtype)).detach().numpy()

    def redraw(self, A):
        """Merge the adapter into the layer and start it again, A' given, with the calls that PEFT has for it."""
        self.layer.merge()
        self.layer.merged_adapters.clear()
        self.layer.reset_lora_parameters("default", "gaussian")
        self.A.data = torch.from_numpy(A.copy()).to(self.A.dtype)
        assert not self.B.data.any()

    def merged(self):
        return self.model.merge_and_unload()[0].weight.detach().numpy().T


def drawn(law, seed=0, link=0):
    """Return the factor B that our engine draws, as PEFT's A' = B^T."""
    return factor(law, M, "peft", seed, link).T


@pytest.mark.parametrize("alpha", [RANK, 3 * RANK])
def test_joint_steps_agree_along_the_whole_trajectory(f, data, start, alpha):
    scale, links = alpha / RANK, 200
    method = lora(
        step=0.02 / (f.constants.L * scale**2), rank=RANK, scale=scale, gaussian_is_A=False
    )
    ours = simulate(f, method, start.ravel(), links, 1, "peft")
    assert ours.gap[0, -1] < 0.7 * ours.gap[0, 0]
    adapter = Adapter(start, drawn(method.law), alpha)
    optimizer = torch.optim.SGD([adapter.A, adapter.B], lr=method.step)
    for t in range(links + 1):
        W = adapter.weight()
        assert f.flat_gap(W.ravel()) == pytest.approx(ours.gap[0, t], rel=RELATIVE)
        if t < links:
            adapter.loss_gradient(data)
            optimizer.step()
    final = ours.final[0].reshape(M, N)
    assert np.linalg.norm(W - final) <= RELATIVE * np.linalg.norm(final)


def test_its_merge_is_ours(f, data, start):
    adapter = Adapter(start, drawn(rac_lora(1.0, RANK).law), alpha=3 * RANK)
    adapter.loss_gradient(data)
    torch.optim.SGD([adapter.B], lr=0.1).step()
    A, B = (p.detach().numpy().copy() for p in (adapter.A, adapter.B))
    product = start + 3.0 * A.T @ B.T
    terms = np.abs(start) + 3.0 * np.abs(A.T) @ np.abs(B.T)
    # A sum of RANK products, a scaling and an addition: so many roundings of the sizes of the terms.
    assert np.all(np.abs(adapter.merged() - product) <= (RANK + 2) * np.finfo(float).eps * terms)


@pytest.mark.parametrize("alpha", [RANK, 3 * RANK])
@pytest.mark.parametrize(("law", "run"), [(Haar(RANK), transcribe), (Coordinates(RANK), simulate)])
def test_a_chain_of_its_adapters_with_pseudo_inverse_steps_is_rac_lora(
    f, data, start, alpha, law, run
):
    """Frozen A', zero B', one step on B' by the pseudo-inverse of A' A'^T, merge, redraw, in one model.

    The engine draws a Haar factor in the eigenbasis of the curvature; its transcription draws it as it is.
    """
    scale, links = alpha / RANK, 60
    method = rac_lora(step=1.0 / f.constants.L, rank=RANK, scale=scale, law=law)
    ours = run(f, method, start.ravel(), links, 1, "peft")
    assert ours.gap[0, -1] < 1e-3 * ours.gap[0, 0]
    adapter, eta = Adapter(start, drawn(method.law), alpha), method.step / scale**2
    adapter.A.requires_grad_(False)
    for t in range(links):
        W = adapter.weight()
        assert f.flat_gap(W.ravel()) == pytest.approx(ours.gap[0, t], rel=RELATIVE)
        adapter.loss_gradient(data)
        with torch.no_grad():
            adapter.B -= eta * adapter.B.grad @ torch.linalg.pinv(adapter.A @ adapter.A.T)
        adapter.redraw(drawn(method.law, link=t + 1))
    W, final = adapter.weight(), ours.final[0].reshape(M, N)
    assert f.flat_gap(W.ravel()) == pytest.approx(ours.gap[0, -1], rel=RELATIVE)
    assert np.linalg.norm(W - final) <= RELATIVE * np.linalg.norm(final)


def lorafa_direction(data, start, dtype):
    """Return the direction of the LoRA-FA optimizer before Adam, as a step on W, and the projected gradient."""
    from peft.optimizers import create_lorafa_optimizer

    A = np.random.default_rng(13).standard_normal((RANK, M))
    adapter = Adapter(start, A, alpha=3 * RANK, dtype=dtype)
    optimizer = create_lorafa_optimizer(adapter.model, r=RANK, lora_alpha=3 * RANK, lr=1e-3)
    adapter.A.data = torch.from_numpy(A.copy()).to(dtype)
    adapter.loss_gradient(data)
    optimizer.step()
    (state,) = (s for s in optimizer.state.values() if "exp_avg_B" in s)
    beta1 = optimizer.param_groups[0]["betas"][0]
    direction = 3.0 * (state["exp_avg_B"] / (1 - beta1)).to(torch.float64).numpy() @ A
    X, Y = data
    G = X.T @ (X @ start - Y) / len(X)
    return direction.T, np.linalg.pinv(A) @ A @ G, A


def test_its_lora_fa_optimizer_projects_the_full_gradient(data, start):
    """Before Adam its direction is H G, up to the 1e-8 that it adds to A' A'^T; its factor is never redrawn."""
    direction, projected, A = lorafa_direction(data, start, torch.float64)
    ridge = 1e-8 / np.linalg.svd(A, compute_uv=False)[-1] ** 2
    assert np.linalg.norm(direction - projected) <= 2 * ridge * np.linalg.norm(projected)


def test_in_single_precision_its_projection_is_rounded_to_bfloat16(data, start):
    """A product in bfloat16 (unit round-off 2^-8): no better, and at most a few such roundings worse."""
    from peft.optimizers.lorafa import is_bf16_available

    if not is_bf16_available():
        pytest.skip("no bfloat16 on this processor")
    direction, projected, A = lorafa_direction(data, start, torch.float32)
    error = np.linalg.norm(direction - projected) / np.linalg.norm(projected)
    condition = np.linalg.cond(A @ A.T)
    assert 2.0**-12 < error < 8 * condition * 2.0**-8
