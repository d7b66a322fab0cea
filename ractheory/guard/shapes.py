"""Parameters of published models and of a guard on them, from their shapes alone."""

from __future__ import annotations

from dataclasses import dataclass

from ractheory.errors import UsageError, integer

CATEGORIES = 14
"""Kinds of harm in BeaverTails (arXiv 2307.04657), on which the paper trains."""

OUTPUTS = CATEGORIES + 1
"""Of the guard's head, a linear map with bias: each kind of harm, and safe or not."""


@dataclass(frozen=True)
class Shape:
    """A decoder of the Llama kind.

    Attributes
    ----------
    layers, width : number of blocks, and of features
    key_width : outputs of the projections of keys and of values: width, or less where heads share them
    hidden : width of the gated feed-forward layer, which has three matrices
    vocabulary : rows of the embedding, and of the output layer, which is another matrix
    source : where the dimensions are published
    """

    layers: int
    width: int
    key_width: int
    hidden: int
    vocabulary: int
    source: str

    @property
    def parameters(self) -> int:
        """Number of parameters of the whole model.

        >>> {name: shape.parameters for name, shape in SHAPES.items()}
        {'TinyLlama': 1100048384, 'Llama-2-7B': 6738415616, 'Llama-3-8B': 8030261248}
        """
        d = self.width
        block = 2 * d * (d + self.key_width) + 3 * d * self.hidden + 2 * d
        return self.layers * block + 2 * self.vocabulary * d + d

    def adapters(self, rank: int) -> int:
        """Number of trained parameters of adapters of this rank on the projections of queries and values."""
        r = integer("rank", rank, 1, self.key_width)
        return self.layers * r * (2 * self.width + self.width + self.key_width)

    @property
    def head(self) -> int:
        """Number of parameters of the guard's head."""
        return (self.width + 1) * OUTPUTS

    def times_fewer(self, rank: int) -> float:
        """Parameters of a separate guard of the size of the model, over those that a guard on it trains.

        >>> [round(SHAPES["TinyLlama"].times_fewer(rank)) for rank in (8, 32)]
        [951, 242]
        """
        return self.parameters / (self.adapters(rank) + self.head)


SHAPES = {
    "TinyLlama": Shape(22, 2048, 256, 5632, 32000, "arXiv 2401.02385 and the released configuration"),
    "Llama-2-7B": Shape(32, 4096, 4096, 11008, 32000, "arXiv 2307.09288 and the released configuration"),
    "Llama-3-8B": Shape(32, 4096, 1024, 14336, 128256, "arXiv 2407.21783, Table 3, and the released configuration"),
}  # fmt: skip
"""By name."""


def shape(name: str) -> Shape:
    """Return the published shape of a model.

    Raises UsageError for a model that is not here.
    """
    if name not in SHAPES:
        raise UsageError.of("model", name, ", ".join(SHAPES), "choose one of these")
    return SHAPES[name]
