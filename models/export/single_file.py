"""A model as a single file of the official layout."""

from __future__ import annotations

from models.checkpoints.layout import UNET_PREFIXES, VAE_PREFIXES
from models.checkpoints.vae_precision import FLOAT16
from models.export.contents import Contents, TextContent
from models.export.schedule_marks import schedule_marks, schedule_notes
from models.export.tensors import Outgoing, prefixed
from models.export.text_layout import official_text, place_of, unread_tensors
from models.sdxl.config import UNetConfig, VAEConfig
from models.sdxl.text_config import HEAD_WIDTH, SD1_L, SD2_H, SDXL_G, SDXL_L, TextConfig, TextRole

UNET, VAE = UNET_PREFIXES[0], VAE_PREFIXES[0]
ROLES = (SDXL_L, SDXL_G, SD1_L, SD2_H)


def single_tensors(contents: Contents) -> dict[str, Outgoing]:
    """UNet, VAE and text encoders under the names of official files."""
    vae = {name: _as_convolution(name, one) for name, one in contents.vae.items()}
    tensors = prefixed(UNET, contents.unet) | prefixed(VAE, vae)
    for text in contents.texts:
        tensors |= prefixed(text_place(contents, text), official_text(text.role, text.tensors))
    return tensors


def _as_convolution(name: str, one: Outgoing) -> Outgoing:
    """The layers of the autoencoder's attention are convolutions here, and linear in diffusers."""
    return one.reshaped(*one.shape, 1, 1) if ".attn_1." in name and len(one.shape) == 2 else one


def further_tensors(contents: Contents) -> dict[str, Outgoing]:
    """What official files hold besides the networks' weights, and the marks of the noise schedule."""
    tensors: dict[str, Outgoing] = {}
    for text in contents.texts:
        tensors |= prefixed(text_place(contents, text), unread_tensors(text.role))
    return tensors | schedule_marks(contents.noise, contents.latent_units)


def text_place(contents: Contents, text: TextContent) -> str:
    """The prefix of an encoder's tensors."""
    return place_of(text.role, alone=len(contents.texts) == 1)


def facts(contents: Contents) -> dict[str, str]:
    """What tensor shapes cannot tell and the rules of the official families do not say, for the file's notes."""
    found = unet_facts(contents.unet_config) | vae_facts(contents.vae_config, for_float16=contents.vae_for_float16)
    for text in contents.texts:
        found |= text_facts_of(text.role, text.config)
    return found | schedule_notes(contents.noise, contents.latent_units, contents.family)


def unet_facts(config: UNetConfig) -> dict[str, str]:
    """Widths of attention heads and norm groups, where they are not the official ones."""
    found: dict[str, str] = {}
    if config.num_heads is not None and not (config.num_heads == 8 and config.context_dim == 768):
        found["weft.unet.num_heads"] = str(config.num_heads)
    if config.head_channels is not None and (config.head_channels != 64 or config.context_dim == 768):
        found["weft.unet.head_channels"] = str(config.head_channels)
    return found if config.norm_groups == 32 else {**found, "weft.unet.norm_groups": str(config.norm_groups)}


def vae_facts(config: VAEConfig, *, for_float16: bool) -> dict[str, str]:
    """Norm groups, where they are not the official ones, and whether it was made for float16."""
    found = {FLOAT16: "true"} if for_float16 else {}
    return found if config.norm_groups == 32 else {**found, "weft.vae.norm_groups": str(config.norm_groups)}


def text_facts_of(role: TextRole, config: TextConfig) -> dict[str, str]:
    """An encoder's heads, and the state that conditions the UNet, where they are not the official ones."""
    found: dict[str, str] = {}
    if config.heads != max(1, config.width // HEAD_WIDTH):
        found[f"weft.clip_{role.name}.heads"] = str(config.heads)
    if role not in ROLES and role.layer is not None:
        found[f"weft.clip_{role.name}.layer"] = str(role.layer)
    return found
