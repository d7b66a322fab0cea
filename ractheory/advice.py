"""What the numbers of a prediction advise: which step, at what price, and what others can reach at best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def advice(answer: Mapping[str, Any], rank: int) -> list[str]:
    """Return the sentences that follow from a prediction of `ractheory.predict`.

    >>> from ractheory.predict import predict_report
    >>> for line in predict_report(8, 4, 2, spectrum=[1.0] * 8)["advice"][:2]:
    ...     print(line)
    At rank 2 a chain needs 4 times the steps of full fine-tuning by the paper's bound, 4 times by the effective dimension tr K/L = 8, 4 times exactly, each at its best step.
    Take the step 1, 1 times 1/L: the fastest fixed step of the quadratic model, which diverges from 2 on.
    """  # noqa: E501
    lines = [_price(answer, rank), _step(answer)]
    lines += _cost(answer)
    lines += _floors(answer, rank)
    return lines


def _price(answer: Mapping[str, Any], rank: int) -> str:
    slower = answer["slowdown"]
    line = (
        f"At rank {rank} a chain needs {slower['paper']:.3g} times the steps of full fine-tuning by the paper's "
        f"bound, {slower['effective']:.3g} times by the effective dimension tr K/L = "
        f"{answer['effective_dimension']:.3g}"
    )
    if slower["exact"] is not None:
        return line + f", {slower['exact']:.3g} times exactly, each at its best step."
    shown = answer["illustration"]
    if shown is None:
        return line + "; the rates of this spectrum are too small for doubles to tell apart."
    if shown["slowdown_exact"] is None:
        return line + "."
    return line + (
        f"; exactly, {shown['slowdown_exact']:.3g} times if the eigenvalues were those of the power law "
        f"i^-{shown['decay']:.3g}."
    )


def _step(answer: Mapping[str, Any]) -> str:
    steps, limits, L = answer["step_sizes"], answer["step_limits"], answer["L"]
    if steps["best"] is None:
        return (
            f"Take the step {steps['effective']:.3g}/L, 1/L_eff: guaranteed in expectation below "
            f"{limits['effective']:.3g}/L; above 2/L single links may raise f."
        )
    line = f"Take the step {steps['best']:.4g}, {L * steps['best']:.3g} times 1/L: the fastest fixed step of the "
    line += f"quadratic model, which diverges from {limits['exact']:.4g} on"
    if L * steps["effective"] > 1.0 + 1e-9:
        line += (
            f". Away from a quadratic 1/L_eff = {steps['effective']:.4g} is guaranteed in expectation; above "
            f"2/L = {limits['paper']:.4g} single links may raise f"
        )
    return line + "."


def _cost(answer: Mapping[str, Any]) -> list[str]:
    each, total = answer["flops"]["per_step"], answer["flops"]["to_accuracy"]
    parts = [f"A link costs {each['rac-lora'] / each['fpft']:.2g} of a full step"]
    if total["exact"] is not None and total["exact-fpft"] is not None:
        parts.append(
            f"down to {answer['accuracy']:g} of the start the chain takes {answer['iterations']['exact']} links, "
            f"{total['exact'] / total['exact-fpft']:.2g} of the operations of full fine-tuning"
        )
    return ["; ".join(parts) + "."]


def _floors(answer: Mapping[str, Any], rank: int) -> list[str]:
    lora, asymlora = answer["floors"]["lora"], answer["floors"]["asymlora"]
    if lora is None:
        return []
    reach = (
        "can reach f* (the shift has no more rank)" if lora == 0 else f"stops at f* + {lora:.4g}"
    )
    frozen = (
        "reaches f*"
        if asymlora == 0
        else f"at f* + {asymlora:.4g} on average over its frozen factor"
    )
    return [
        f"LoRA of rank {rank} at best {reach}, AsymLoRA {frozen}; the chain has no floor.",
    ]
