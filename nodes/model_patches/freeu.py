"""FreeU: better pictures by louder and quieter features inside the network."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import node
from models import types as handles
from models.patches.freeu import FreeU, Scales
from nodes.model_patches.guidance import Guided
from nodes.types import Model

Scale = Annotated[float, Range(0, 10, step=0.01)]
DeepBackbone = Annotated[Scale, Help("Strength of the deepest features: above 1 firmer shapes.")]
Backbone = Annotated[Scale, Help("Strength of the features above these.")]
DeepSkip = Annotated[Scale, Help("Coarse part of what passes the deepest features by: below 1 less clutter.")]
Skip = Annotated[Scale, Help("Coarse part of what passes those above them by.")]


def _patched(name: str, model: handles.Model, deep: Scales, next_up: Scales, *, by_strength: bool) -> handles.Model:
    width = model.config.model_channels
    return model.with_tweak(name, network=(FreeU({4 * width: deep, 2 * width: next_up}, by_strength),))


@node("FreeU", category="model_patches/unet", display_name="FreeU")
def free_u(*, model: Guided, b1: DeepBackbone = 1.1, b2: Backbone = 1.2, s1: DeepSkip = 0.9, s2: Skip = 0.2) -> Model:
    """Better pictures at no cost: strengthen deep features, quieten what passes them by. All 1: no change."""
    return _patched("FreeU", model, Scales(b1, s1), Scales(b2, s2), by_strength=False)


@node("FreeU_V2", category="model_patches/unet", display_name="FreeU_V2")
def free_u_v2(
    *, model: Guided, b1: DeepBackbone = 1.3, b2: Backbone = 1.4, s1: DeepSkip = 0.9, s2: Skip = 0.2
) -> Model:
    """Better pictures at no cost: strengthen deep features where they are strong already. All 1: no change."""
    return _patched("FreeU_V2", model, Scales(b1, s1), Scales(b2, s2), by_strength=True)
