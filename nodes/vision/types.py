"""Wires between the nodes that look at pictures."""

from typing import Annotated

from execution.fields import Socket
from models.adapters import gligen
from models.vision import clip_vision, photomaker, style_model

ClipVision = Annotated[clip_vision.ClipVision, Socket("CLIP_VISION")]
ClipVisionOutput = Annotated[clip_vision.ClipVisionOutput, Socket("CLIP_VISION_OUTPUT")]
StyleModel = Annotated[style_model.StyleModel, Socket("STYLE_MODEL")]
Gligen = Annotated[gligen.Gligen, Socket("GLIGEN")]
PhotoMaker = Annotated[photomaker.PhotoMaker, Socket("PHOTOMAKER")]
