"""`comfy_api.latest.io`: types of wires, schemas and node classes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, cast

from packs.lacking import lacking
from packs.newer.node import ComfyNode
from packs.newer.schema import Hidden, HiddenValues, NodeOutput, Schema
from packs.newer.sockets import (
    BooleanInput,
    ComboInput,
    FloatInput,
    Input,
    IntInput,
    MultiComboInput,
    MultiTypeInput,
    Output,
    Socket,
    StringInput,
    socket,
)

__all__ = ["ComfyNode", "Hidden", "Input", "NodeOutput", "Output", "Schema"]

__getattr__ = lacking(__name__)

HiddenHolder = HiddenValues


class FolderType(str, Enum):  # noqa: UP042 - packs compare members with texts
    """One of the user's folders."""

    input = "input"
    output = "output"
    temp = "temp"


class UploadType(str, Enum):  # noqa: UP042 - packs compare members with texts
    """What a combo's upload button takes."""

    image = "image"
    audio = "audio"
    video = "video"
    model = "file"


class NumberDisplay(str, Enum):  # noqa: UP042 - packs compare members with texts
    """How a number's widget looks."""

    number = "number"
    slider = "slider"
    gradient_slider = "gradientslider"


class ControlAfterGenerate(str, Enum):  # noqa: UP042 - packs compare members with texts
    """How a seed changes after a run."""

    fixed = "fixed"
    increment = "increment"
    decrement = "decrement"
    randomize = "randomize"


def Custom(io_type: str) -> type[Socket]:
    """A type of wires of the pack's own."""
    return socket(io_type)


def comfytype(io_type: str, **_options: Any) -> Any:
    """Decorates a class that stands for a type of wires of the pack's own."""

    def declare(cls: type) -> type:
        made = socket(io_type)
        for name in ("io_type", "Input", "Output"):
            if name not in vars(cls):
                setattr(cls, name, getattr(made, name))
        return cls

    return declare


ComfyTypeIO = Socket

Boolean = socket("BOOLEAN", BooleanInput)
Int = socket("INT", IntInput)
Float = socket("FLOAT", FloatInput)
String = socket("STRING", StringInput)
Combo = socket("COMBO", ComboInput)
MultiCombo = socket("COMBO", MultiComboInput)
AnyType = socket("*")
Image = socket("IMAGE")
Mask = socket("MASK")
Latent = socket("LATENT")
Conditioning = socket("CONDITIONING")
Sampler = socket("SAMPLER")
Sigmas = socket("SIGMAS")
Noise = socket("NOISE")
Guider = socket("GUIDER")
Clip = socket("CLIP")
ControlNet = socket("CONTROL_NET")
Vae = socket("VAE")
Model = socket("MODEL")
ModelPatch = socket("MODEL_PATCH")
ClipVision = socket("CLIP_VISION")
ClipVisionOutput = socket("CLIP_VISION_OUTPUT")
AudioEncoder = socket("AUDIO_ENCODER")
AudioEncoderOutput = socket("AUDIO_ENCODER_OUTPUT")
StyleModel = socket("STYLE_MODEL")
Gligen = socket("GLIGEN")
UpscaleModel = socket("UPSCALE_MODEL")
LatentUpscaleModel = socket("LATENT_UPSCALE_MODEL")
Audio = socket("AUDIO")
Video = socket("VIDEO")
SVG = socket("SVG")
LoraModel = socket("LORA_MODEL")
LossMap = socket("LOSS_MAP")
Voxel = socket("VOXEL")
Mesh = socket("MESH")
Hooks = socket("HOOKS")
HookKeyframes = socket("HOOK_KEYFRAMES")
TimestepsRange = socket("TIMESTEPS_RANGE")
LatentOperation = socket("LATENT_OPERATION")
FlowControl = socket("FLOW_CONTROL")
Accumulation = socket("ACCUMULATION")
Photomaker = socket("PHOTOMAKER")
Point = socket("POINT")
FaceAnalysis = socket("FACE_ANALYSIS")
BBOX = socket("BBOX")
SEGS = socket("SEGS")
Tracks = socket("TRACKS")
Webcam = socket("WEBCAM")


class MultiType(Socket):
    """A value of one of several types."""

    Types = Any
    Input = MultiTypeInput


class MatchType(Socket):
    """Inputs and outputs that all have the same type, whichever it is; here each takes any of the allowed ones."""

    class Template:
        """Which inputs and outputs belong together, and what they may be."""

        def __init__(self, template_id: str, allowed_types: Any = None) -> None:
            several = isinstance(allowed_types, (list, tuple))
            types = [*cast("Iterable[Any]", allowed_types)] if several else [allowed_types] if allowed_types else []
            self.template_id = template_id
            self.io_type = ",".join(one.io_type for one in types) or "*"

    class Input(Input):
        """One of them."""

        order = ("template", *Input.order)

        @property
        def type(self) -> str:
            return str(self.options["template"].io_type)

        def written(self) -> tuple[Any, dict[str, Any]]:
            kind, options = super().written()
            options.pop("template", None)
            return (kind, options)

    class Output(Output):
        """One of them."""

        def __init__(self, template: Any, *values: Any, **options: Any) -> None:
            super().__init__(*values, **options)
            self._type = str(template.io_type)

        @property
        def type(self) -> str:
            return self._type
