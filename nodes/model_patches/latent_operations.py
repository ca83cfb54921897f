"""Operations on latents, by themselves and within guidance."""

from typing import Annotated

from execution.fields import Help, Range, Socket
from execution.node import node
from models.patches import operations
from nodes.latent import with_samples
from nodes.model_patches.guidance import Guided
from nodes.types import Latent, Model

LatentOperation = Annotated[operations.LatentOperation, Socket("LATENT_OPERATION")]
Operation = Annotated[LatentOperation, Help("What is done.")]


@node("LatentOperationTonemapReinhard", category="latent/advanced/operations")
def latent_operation_tonemap_reinhard(
    *,
    multiplier: Annotated[
        float,
        Range(0, 100, step=0.01),
        Help("The top that nothing exceeds, in units of the usual one: less is flatter."),
    ] = 1.0,
) -> LatentOperation:
    """Compress strong values more than weak ones: in guidance it allows a high cfg without burning out."""
    return operations.ReinhardToneMap(multiplier)


@node("LatentOperationSharpen", category="latent/advanced/operations")
def latent_operation_sharpen(
    *,
    sharpen_radius: Annotated[int, Range(1, 31, step=1), Help("How far it reaches, in latent values.")] = 9,
    sigma: Annotated[float, Range(0.1, 10, step=0.1), Help("How evenly it reaches there.")] = 1.0,
    alpha: Annotated[float, Range(0, 5, step=0.01), Help("How strongly: 0 not at all.")] = 0.1,
) -> LatentOperation:
    """Sharpen what varies in a latent."""
    return operations.Sharpen(sharpen_radius, sigma, alpha)


@node("LatentApplyOperation", category="latent/advanced/operations")
def latent_apply_operation(*, samples: Annotated[Latent, Help("The latents.")], operation: Operation) -> Latent:
    """Do an operation on latents."""
    return with_samples(samples, operation(latent=samples["samples"]))


@node("LatentApplyOperationCFG", category="latent/advanced/operations")
def latent_apply_operation_cfg(*, model: Guided, operation: Operation) -> Model:
    """Do an operation on guidance in every step: on what the positive prompts say that the negative ones do not."""
    change = operations.OperatedGuidance(operation)
    return model.with_tweak("LatentApplyOperationCFG", before_guidance=(change,))
