"""What a handle on a wire is, as a sentence for the person who clicked on the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from execution.results import Blocked
from models.adapters.control import Control, MaskedSteerer
from models.adapters.controlnet import ControlNet
from models.adapters.gligen import Gligen
from models.adapters.hooks import Hook, Hooks, LoraSource
from models.adapters.keyframes import Keyframes
from models.adapters.t2i_adapter import T2IAdapter
from models.inpainting.crop_and_stitch import Crop
from models.merging.merge import FAMILIES
from models.patches.operations import ReinhardToneMap, Sharpen
from models.sampling.guiders import CfgGuider, DualCfgGuider, PerpNegGuider
from models.sampling.samplers import Sampler
from models.sdxl.text import Clip
from models.types import Model, Vae
from models.upscaling.network import UpscaleModel
from models.vision.clip_vision import ClipVision, ClipVisionOutput
from models.vision.photomaker import PhotoMaker
from models.vision.style_model import StyleModel
from nodes.custom_sampling.noise import NoNoise, SeededNoise

MOST_NAMED = 4  # hooks, keyframes and options of a sampler; further ones are counted


def sentence_of(value: Any) -> str:
    """What a value is that is neither a number, nor a text, nor a tensor, nor a list of such."""
    for kind, told in _TOLD:
        if isinstance(value, kind):
            return told(value)
    return f"something of the kind {type(value).__name__} (of {type(value).__module__})"


def _model(model: Model) -> str:
    changed = f", with {', '.join(model.tweaks.names)}" if model.tweaks.names else ""
    patched = len(model.patches.changes)
    weights = f", {_count(patched, 'weight')} changed when used" if patched else ""
    return f"{FAMILIES[model.family]}, computed in {_dtype(model.dtype)}, file {model.digest[:12]}{weights}{changed}"


def _clip(clip: Clip) -> str:
    names = " and ".join(encoder.role.name for encoder in clip.encoders) or "none"
    layer = "" if clip.layer is None else f", stopped at layer {clip.layer}"
    return f"text encoders {names}, computed in {_dtype(clip.dtype)}{layer}, file {clip.digest[:12]}"


def _vae(vae: Vae) -> str:
    return f"autoencoder, computed in {_dtype(vae.dtype)}, file {vae.digest[:12]}"


def _guider(guider: CfgGuider) -> str:
    if not guider.negative or guider.cfg == 1:
        return f"follows the prompt as it is (cfg 1); model: {_model(guider.model)}"
    return f"guides from the negative to the positive prompts, cfg {guider.cfg:g}; model: {_model(guider.model)}"


def _dual_guider(guider: DualCfgGuider) -> str:
    scales = (
        f"cfg {guider.cfg_lower:g} from the negative to the middle prompts, {guider.cfg_upper:g} on to the positive"
    )
    return f"guides between three prompts ({guider.style}): {scales}; model: {_model(guider.model)}"


def _perp_neg_guider(guider: PerpNegGuider) -> str:
    scales = f"cfg {guider.cfg:g}, negative prompts times {guider.neg_scale:g}"
    return f"guides at right angles to the negative prompts: {scales}; model: {_model(guider.model)}"


def _noise(noise: SeededNoise) -> str:
    return f"noise made of seed {noise.seed}, in the shape of the latents that it meets"


def _sampler(sampler: Sampler) -> str:
    method: Any = sampler.method
    options: dict[str, Any] = {}
    while isinstance(method, partial):
        held = cast("partial[Any]", method)
        options = {**held.keywords, **options}
        method = held.func
    shown = [f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in options.items()]
    told = f" with {_several(shown, 'option')}" if shown else ""
    random = "" if sampler.noise == "none" else "; it adds fresh noise on the way"
    return f"sampling method {getattr(method, '__name__', 'of its own')}{told}{random}"


def _upscaler(model: UpscaleModel) -> str:
    does = f"makes pictures {model.scale} times larger" if model.scale != 1 else "mends pictures, their size stays"
    return f"{model.architecture} network that {does}, computed in float32"


def _controlnet(net: ControlNet) -> str:
    kind = "" if net.kind is None else f", told to read pictures of kind {net.kind}"
    return f"ControlNet {net.name}{kind}, computed in {_dtype(net.dtype)}, file {net.digest[:12]}"


def _adapter(adapter: T2IAdapter) -> str:
    return f"T2I-Adapter {adapter.name}, computed in {_dtype(adapter.dtype)}, file {adapter.digest[:12]}"


def _masked(steerer: MaskedSteerer) -> str:
    return f"{sentence_of(steerer.inner)}; only within a mask of {_size(steerer.mask.shape[-2:])}"


def _control(control: Control) -> str:
    hint = _size(control.hint.shape[1:3])
    span = "" if (control.start_percent, control.end_percent) == (0, 1) else f" {_span(control)} of the denoising"
    return f"{control.net.name} by a picture of {hint}, strength {control.strength:g}{span}"


def _span(control: Control) -> str:
    return f"from {100 * control.start_percent:g} % to {100 * control.end_percent:g} %"


def _clip_vision(encoder: ClipVision) -> str:
    config = encoder.network.config
    what = f"looks at {_size((config.side, config.side))}, gives {config.projection} numbers a picture"
    return f"image encoder {encoder.name}, {what}, computed in {_dtype(encoder.dtype)}"


def _seen(seen: ClipVisionOutput) -> str:
    pictures, width = seen.image_embeds.shape
    patches = seen.last_hidden_state.shape[1] - 1
    return f"what an image encoder saw in {_count(pictures, 'picture')}: {width} numbers each, and {patches} patches"


def _named_file(what: str) -> Callable[[Any], str]:
    def told(value: Any) -> str:
        return f"{what} {value.name}, computed in {_dtype(value.dtype)}, file {value.digest[:12]}"

    return told


def _hooks(hooks: Hooks) -> str:
    return _several([_hook(hook) for hook in hooks.hooks], "hook") or "no hooks: nothing is changed"


def _hook(hook: Hook) -> str:
    what = f"LoRA {hook.source.lora.name}" if isinstance(hook.source, LoraSource) else "the weights of another model"
    frames = f", scheduled by {_count(len(hook.keyframes.frames), 'keyframe')}" if hook.keyframes.frames else ""
    return f"{what} (model {hook.strength_model:g}, text encoders {hook.strength_clip:g}{frames})"


def _keyframes(keyframes: Keyframes) -> str:
    shown = [f"{frame.strength:g} from {100 * frame.start:g} %" for frame in keyframes.frames]
    return f"strength {_several(shown, 'keyframe')}" if shown else "no keyframes: the strength stays"


def _tone_map(operation: ReinhardToneMap) -> str:
    return f"Reinhard's tone mapping of latents, multiplier {operation.multiplier:g}"


def _sharpening(operation: Sharpen) -> str:
    numbers = f"radius {operation.radius}, sigma {operation.sigma:g}, amount {operation.amount:g}"
    return f"sharpening of latents: {numbers}"


def _crop(crop: Crop) -> str:
    left, top = crop.region.place.x, crop.region.place.y
    drawn, whole = _size((crop.region.height, crop.region.width)), _size(crop.pictures.shape[1:3])
    return f"a part at ({left}, {top}) of {_count(len(crop.pictures), 'picture')} of {whole}, drawn at {drawn}"


def _blocked(blocked: Blocked) -> str:
    return f"nothing: held back{f' ({blocked.message})' if blocked.message else ''}"


def _size(height_width: Sequence[int]) -> str:
    height, width = height_width
    return f"{width} x {height} pixels"


def _several(shown: Sequence[str], what: str) -> str:
    left = len(shown) - MOST_NAMED
    return ", ".join([*shown[:MOST_NAMED], *([f"{_count(left, f'further {what}')}"] if left > 0 else [])])


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _dtype(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


_TOLD: Sequence[tuple[type, Callable[[Any], str]]] = (
    (Model, _model),
    (Clip, _clip),
    (Vae, _vae),
    (CfgGuider, _guider),
    (DualCfgGuider, _dual_guider),
    (PerpNegGuider, _perp_neg_guider),
    (SeededNoise, _noise),
    (NoNoise, lambda _: "no noise: the latents hold theirs already"),
    (Sampler, _sampler),
    (UpscaleModel, _upscaler),
    (ControlNet, _controlnet),
    (T2IAdapter, _adapter),
    (MaskedSteerer, _masked),
    (Control, _control),
    (ClipVision, _clip_vision),
    (ClipVisionOutput, _seen),
    (StyleModel, _named_file("style model")),
    (Gligen, _named_file("GLIGEN model")),
    (PhotoMaker, _named_file("PhotoMaker")),
    (Hooks, _hooks),
    (Hook, _hook),
    (Keyframes, _keyframes),
    (ReinhardToneMap, _tone_map),
    (Sharpen, _sharpening),
    (Crop, _crop),
    (Blocked, _blocked),
)  # the first that fits
