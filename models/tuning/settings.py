"""Every setting of a training, with what it may be; docs/training.md says what each does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from models.tuning.checking import Between, Lines

Kind = Literal["lora", "embedding", "full"]


@dataclass(frozen=True)
class DataSettings:
    """Which pictures, and how they are cut."""

    folder: str
    resolution: Annotated[int, Between(0, 8192)] = 0  # side of a square of as many pixels; 0: the model's own
    bucket_step: Annotated[int, Between(0, 512)] = 0  # sides are multiples of it; 0: 64, of small models 16
    enlarge: Annotated[float, Between(1, 16)] = 2.0  # a picture that would need more is refused
    crop: Literal["center", "random"] = "center"
    caption: str = ""  # of pictures that have none
    caption_dropout: Annotated[float, Between(0, 1)] = 0.05
    tokens: Literal[75, 150, 225] = 225  # what is longer is cut


@dataclass(frozen=True)
class LoraSettings:
    """Hu et al., arXiv 2106.09685."""

    rank: Annotated[int, Between(1, 1024)] = 16
    alpha: Annotated[float, Between(0, 1024)] = 0.0  # 0: as the rank
    targets: Lines = ("transformers",)
    convolutions: bool = False
    text_encoders: bool = False


@dataclass(frozen=True)
class EmbeddingSettings:
    """Gal et al., arXiv 2208.01618."""

    word: str = ""  # "": the job's name
    vectors: Annotated[int, Between(1, 64)] = 4
    start: str = "object"  # words whose vectors it starts from


@dataclass(frozen=True)
class FullSettings:
    """All weights of the denoising network."""

    text_encoders: bool = False


@dataclass(frozen=True)
class TrainSettings:
    """How it is learned."""

    steps: Annotated[int, Between(1, 10_000_000)] = 1000
    batch_size: Annotated[int, Between(1, 4096)] = 1  # of all processes together
    accumulate: Annotated[int, Between(1, 4096)] = 1  # batches a step
    rate: Annotated[float, Between(0, 10)] = 1e-4
    text_rate: Annotated[float, Between(0, 10)] = 0.0  # of text encoders; 0: as `rate`
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: Annotated[int, Between(0, 1_000_000)] = 0
    optimizer: Literal["adamw", "adamw8bit"] = "adamw"
    weight_decay: Annotated[float, Between(0, 10)] = 0.01
    clip: Annotated[float, Between(0, 1e6)] = 1.0  # longest gradient; 0: any
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    checkpointing: bool = False
    ema: Annotated[float, Between(0, 0.99999)] = 0.0  # 0: none
    min_snr: Annotated[float, Between(0, 1000)] = 0.0  # 0: every noise level counts alike
    noise_offset: Annotated[float, Between(0, 1)] = 0.0
    prediction: Literal["auto", "epsilon", "v_prediction"] = "auto"
    first_timestep: Annotated[int, Between(0, 999)] = 0
    last_timestep: Annotated[int, Between(0, 999)] = 999
    seed: Annotated[int, Between(0, 2**63 - 1)] = 0


@dataclass(frozen=True)
class SampleSettings:
    """Pictures that show how far it is."""

    every: Annotated[int, Between(0, 1_000_000)] = 0  # steps; 0: none
    prompts: Lines = ()
    negative: str = ""
    width: Annotated[int, Between(0, 8192)] = 0  # 0: the resolution
    height: Annotated[int, Between(0, 8192)] = 0
    steps: Annotated[int, Between(1, 1000)] = 20
    cfg: Annotated[float, Between(0, 100)] = 7.0
    sampler: str = "euler"
    scheduler: str = "normal"
    seed: Annotated[int, Between(0, 2**63 - 1)] = 0


@dataclass(frozen=True)
class SaveSettings:
    """What is kept."""

    every: Annotated[int, Between(1, 1_000_000)] = 250  # steps between two states
    layout: Literal["single", "diffusers"] = "single"
    dtype: Literal["fp16", "bf16", "fp32"] = "fp16"


@dataclass(frozen=True)
class Settings:
    """A whole training."""

    model: str
    name: str
    data: DataSettings
    learn: Kind = "lora"
    output: str = ""  # "": training/<name> in the workspace
    lora: LoraSettings = field(default_factory=LoraSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    full: FullSettings = field(default_factory=FullSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    samples: SampleSettings = field(default_factory=SampleSettings)
    save: SaveSettings = field(default_factory=SaveSettings)

    @property
    def text_encoders(self) -> bool:
        """Whether the text encoders' weights are learned."""
        return (self.learn == "lora" and self.lora.text_encoders) or (self.learn == "full" and self.full.text_encoders)
