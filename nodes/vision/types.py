"""Wires between the nodes that look at pictures."""

from typing import Annotated

from execution.fields import Socket
from models.vision import clip_vision

ClipVision = Annotated[clip_vision.ClipVision, Socket("CLIP_VISION")]
ClipVisionOutput = Annotated[clip_vision.ClipVisionOutput, Socket("CLIP_VISION_OUTPUT")]
