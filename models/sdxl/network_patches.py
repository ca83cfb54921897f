"""Changes to what a UNet computes on the way, as objects that it asks at fixed places.

A patch is asked in every call of the network that it is given to, and sees where it is asked (`Spot`). The network
itself is never changed, so handles with and without patches share it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

Attention = Literal["self", "cross"]
Part = Literal["input", "middle", "output"]


@dataclass(frozen=True, eq=False)
class NetworkCall:
    """One call of a UNet and the patches that hold for it."""

    patches: Sequence[NetworkPatch]
    sigma: float  # noise level
    size: tuple[int, int]  # (height, width) of the latents in this call, which may be those of an area alone
    # The batch is so many equal parts; whose each is: 0 the positive prompts, 1 the negative ones ...
    sides: tuple[int, ...]
    notes: dict[Any, Any] = field(default_factory=dict[Any, Any])  # what patches keep for later, in this run alone


class Spot(NamedTuple):
    """A place in a UNet, in one of its calls."""

    call: NetworkCall
    part: Part
    number: int  # of the stage in `input_blocks` or `output_blocks`; 0 in the middle
    size: tuple[int, int]  # (height, width) of the features that enter the stage
    depth: int = 0  # of the transformer block in its stage


UNPATCHED = Spot(NetworkCall((), 0.0, (0, 0), ()), "middle", 0, (0, 0))
"""Where nothing is patched, one place is as good as another."""


class QKV(NamedTuple):
    """What an attention's queries, keys and values are made from, each tokens [B, n, channels]."""

    q: Tensor
    k: Tensor
    v: Tensor


class NetworkPatch:
    """The base of all patches. A subclass overrides what it changes; the rest leaves everything as it is."""

    def around(self, which: Attention, tokens: QKV, spot: Spot, rest: Callable[[QKV], Tensor]) -> Tensor:
        """Compute a whole attention [B, n, channels] with other tokens, or do something to what it gives.

        `rest` computes it with the patches given later: the first one given is the outermost.
        """
        del which, spot
        return rest(tokens)

    def attend(self, which: Attention, projected: QKV, heads: int, spot: Spot) -> Tensor | None:
        """Compute attention of projected tokens [B, n, heads * d] in another way; None: in the usual one.

        Where several patches could, the last one given does.
        """
        del which, projected, heads, spot
        return None

    def between(self, tokens: Tensor, spot: Spot) -> Tensor:
        """Change the tokens [B, n, channels] after the attention to themselves, before that to the prompt."""
        del spot
        return tokens

    def after_input(self, x: Tensor, spot: Spot) -> Tensor:
        """Change what an input stage gives [B, C, h, w], for the way down and the skip connection."""
        del spot
        return x

    def after_skip(self, x: Tensor, spot: Spot) -> Tensor:
        """Change what an input stage gives [B, C, h, w], for the way down alone."""
        del spot
        return x

    def after_middle(self, x: Tensor, spot: Spot) -> Tensor:
        """Change what the middle gives [B, C, h, w]."""
        del spot
        return x

    def before_output(self, x: Tensor, skip: Tensor, spot: Spot) -> tuple[Tensor, Tensor]:
        """Change the two that enter an output stage, `x` [B, C, h, w] and the skip connection [B, D, h', w']."""
        del spot
        return x, skip

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """Weights of its own, for caches that add up bytes."""
        return iter(())
