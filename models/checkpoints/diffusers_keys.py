"""How diffusers names the modules of UNet and autoencoder: tables from official to diffusers names, and their use.

The names of a block's inner modules are literal data; the tables of a whole network follow from how many levels and
blocks it has. `Table` maps a module's official name to the one in diffusers; everything below the module is equal.
Both directions come from the same table: `rename(table, names)` and `rename(inverse(table), names)`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from models.numbered_names import count_numbered

Table = Mapping[str, str]

RESNET: Table = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
UNET_ENDS: Table = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb.0.0": "add_embedding.linear_1",
    "label_emb.0.2": "add_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
VAE_RESNET: Table = {name: name for name in ("norm1", "conv1", "norm2", "conv2")} | {"nin_shortcut": "conv_shortcut"}
VAE_ATTENTION: Table = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
VAE_ATTENTION_OLD: Table = {"norm": "group_norm", "q": "query", "k": "key", "v": "value", "proj_out": "proj_attn"}
VAE_ENDS: Table = {
    "encoder.conv_in": "encoder.conv_in",
    "encoder.norm_out": "encoder.conv_norm_out",
    "encoder.conv_out": "encoder.conv_out",
    "decoder.conv_in": "decoder.conv_in",
    "decoder.norm_out": "decoder.conv_norm_out",
    "decoder.conv_out": "decoder.conv_out",
    "quant_conv": "quant_conv",
    "post_quant_conv": "post_quant_conv",
}


def unet_table(levels: int, res_blocks: int, attention: Collection[int]) -> dict[str, str]:
    """Official -> diffusers for a UNet whose levels in `attention` (counted from the finest, 0) have transformers."""
    return dict(_unet_modules(levels, res_blocks, attention))


def _unet_modules(levels: int, res_blocks: int, attention: Collection[int]) -> Iterator[tuple[str, str]]:
    yield from UNET_ENDS.items()
    for level in range(levels):
        first = 1 + level * (res_blocks + 1)
        for block in range(res_blocks):
            yield from _under(f"input_blocks.{first + block}.0", f"down_blocks.{level}.resnets.{block}", RESNET)
            yield f"input_blocks.{first + block}.1", f"down_blocks.{level}.attentions.{block}"
        yield f"input_blocks.{first + res_blocks}.0.op", f"down_blocks.{level}.downsamplers.0.conv"
    yield from _under("middle_block.0", "mid_block.resnets.0", RESNET)
    yield "middle_block.1", "mid_block.attentions.0"
    yield from _under("middle_block.2", "mid_block.resnets.1", RESNET)
    for step in range(levels):
        has_attention = levels - 1 - step in attention
        for block in range(res_blocks + 1):
            official, ours = f"output_blocks.{step * (res_blocks + 1) + block}", f"up_blocks.{step}"
            yield from _under(f"{official}.0", f"{ours}.resnets.{block}", RESNET)
            if has_attention:
                yield f"{official}.1", f"{ours}.attentions.{block}"
            if block == res_blocks:
                yield f"{official}.{2 if has_attention else 1}.conv", f"{ours}.upsamplers.0.conv"


def vae_table(levels: int, res_blocks: int, *, old: bool = False) -> dict[str, str]:
    """Official -> diffusers for a KL autoencoder; `old`: with the attention's names of diffusers before 0.17."""
    return dict(_vae_modules(levels, res_blocks, VAE_ATTENTION_OLD if old else VAE_ATTENTION))


def _vae_modules(levels: int, res_blocks: int, attention: Table) -> Iterator[tuple[str, str]]:
    yield from VAE_ENDS.items()
    for half in ("encoder", "decoder"):
        yield from _under(f"{half}.mid.block_1", f"{half}.mid_block.resnets.0", VAE_RESNET)
        yield from _under(f"{half}.mid.attn_1", f"{half}.mid_block.attentions.0", attention)
        yield from _under(f"{half}.mid.block_2", f"{half}.mid_block.resnets.1", VAE_RESNET)
    for level in range(levels):
        down, up = f"encoder.down_blocks.{level}", f"decoder.up_blocks.{levels - 1 - level}"
        for block in range(res_blocks):
            yield from _under(f"encoder.down.{level}.block.{block}", f"{down}.resnets.{block}", VAE_RESNET)
        for block in range(res_blocks + 1):
            yield from _under(f"decoder.up.{level}.block.{block}", f"{up}.resnets.{block}", VAE_RESNET)
        yield f"encoder.down.{level}.downsample.conv", f"{down}.downsamplers.0.conv"
        yield f"decoder.up.{level}.upsample.conv", f"{up}.upsamplers.0.conv"


def _under(official: str, diffusers: str, inner: Table) -> Iterator[tuple[str, str]]:
    for name, other in inner.items():
        yield f"{official}.{name}", f"{diffusers}.{other}"


def inverse(table: Table) -> dict[str, str]:
    """The table read from right to left."""
    return {other: name for name, other in table.items()}


def rename(table: Table, names: Collection[str]) -> dict[str, str]:
    """new name -> given name, for each of `names` that lies in or below a module of the table."""
    renamed: dict[str, str] = {}
    for name in names:
        module, rest = name, ""
        while module and module not in table:
            module, _, last = module.rpartition(".")
            rest = f".{last}{rest}"
        if module:
            renamed[table[module] + rest] = name
    return renamed


def official_unet_names(names: Collection[str]) -> dict[str, str]:
    """official name -> diffusers name, for the tensors of a UNet saved by diffusers."""
    levels = count_numbered(names, "down_blocks.{}.resnets.0.conv1.weight")
    res_blocks = count_numbered(names, "down_blocks.0.resnets.{}.conv1.weight")
    attention = [level for level in range(levels) if f"down_blocks.{level}.attentions.0.norm.weight" in names]
    return rename(inverse(unet_table(levels, res_blocks, attention)), names)


def official_vae_names(names: Collection[str]) -> dict[str, str]:
    """official name -> diffusers name, for the tensors of an autoencoder saved by diffusers."""
    levels = count_numbered(names, "encoder.down_blocks.{}.resnets.0.conv1.weight")
    res_blocks = count_numbered(names, "encoder.down_blocks.0.resnets.{}.conv1.weight")
    old = "encoder.mid_block.attentions.0.query.weight" in names
    return rename(inverse(vae_table(levels, res_blocks, old=old)), names)
