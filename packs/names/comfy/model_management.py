"""`comfy.model_management`: the device, its memory, and stopping when the user says so.

Weft's `DeviceMemory` decides what lies on the device; what packs ask for here is answered from it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable
from enum import Enum
from typing import Any

import torch

from execution.errors import Cancelled as InterruptProcessingException
from models.memory import DeviceMemory
from packs.lacking import lacking
from packs.ram import main_memory

from .. import host

__all__ = ["InterruptProcessingException"]
__getattr__ = lacking(__name__)

OOM_EXCEPTION = torch.OutOfMemoryError
XFORMERS_IS_AVAILABLE = False


class VRAMState(Enum):
    """How much of a model lies on the device; Weft decides that by itself."""

    DISABLED = 0
    NO_VRAM = 1
    LOW_VRAM = 2
    NORMAL_VRAM = 3
    HIGH_VRAM = 4
    SHARED = 5


class CPUState(Enum):
    """What is computed on."""

    GPU = 0
    CPU = 1
    MPS = 2


def _memory() -> DeviceMemory | None:
    return host.context().optional(DeviceMemory)


def get_torch_device() -> torch.device:
    """The device that models run on."""
    memory = _memory()
    return torch.device("cpu") if memory is None else memory.device


cpu_state = CPUState.CPU if get_torch_device().type == "cpu" else CPUState.GPU
vram_state = VRAMState.DISABLED if cpu_state is CPUState.CPU else VRAMState.NORMAL_VRAM
set_vram_to = vram_state
total_ram = main_memory().total / 2**20  # MiB


def throw_exception_if_processing_interrupted() -> None:
    """Return, or stop the node.

    Raises:
        InterruptProcessingException: the user cancelled the run.
    """
    host.context().check_cancelled()


def processing_interrupted() -> bool:
    """Whether the user cancelled the run."""
    try:
        throw_exception_if_processing_interrupted()
    except InterruptProcessingException:
        return True
    return False


def intermediate_device() -> torch.device:
    """Where pictures and latents lie between nodes."""
    return torch.device("cpu")


def unet_offload_device() -> torch.device:
    """Where weights lie when they are not in use."""
    return torch.device("cpu")


text_encoder_offload_device = vae_offload_device = unet_offload_device
text_encoder_device = vae_device = unet_inital_load_device = get_torch_device


def vae_dtype(device: torch.device | None = None, allowed_dtypes: Iterable[torch.dtype] = ()) -> torch.dtype:
    """The format that VAEs are computed in."""
    del device, allowed_dtypes
    memory = _memory()
    return torch.float32 if memory is None else memory.dtypes.vae


def unet_dtype(device: torch.device | None = None, **_options: Any) -> torch.dtype:
    """The format that denoising networks are computed in."""
    del device
    memory = _memory()
    return torch.float32 if memory is None else memory.dtypes.model


def text_encoder_dtype(device: torch.device | None = None) -> torch.dtype:
    """The format that text encoders are computed in."""
    del device
    memory = _memory()
    return torch.float32 if memory is None else memory.dtypes.text


def should_use_fp16(device: torch.device | None = None, **_options: Any) -> bool:
    """Whether float16 is what models are computed in."""
    return unet_dtype(device) == torch.float16


def should_use_bf16(device: torch.device | None = None, **_options: Any) -> bool:
    """Whether the device computes in bfloat16."""
    place = device or get_torch_device()
    return place.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def is_device_cpu(device: torch.device) -> bool:
    return torch.device(device).type == "cpu"


def is_device_mps(device: torch.device) -> bool:
    return torch.device(device).type == "mps"


def is_device_cuda(device: torch.device) -> bool:
    return torch.device(device).type == "cuda"


def is_nvidia() -> bool:
    """Whether models run on a CUDA device."""
    return get_torch_device().type == "cuda"


def is_amd() -> bool:
    return is_nvidia() and torch.version.hip is not None


def is_intel_xpu() -> bool:
    return False


def is_directml_enabled() -> bool:
    return False


def xformers_enabled() -> bool:
    return False


def pytorch_attention_enabled() -> bool:
    return True


def get_autocast_device(dev: torch.device) -> str:
    """The name of a device's kind, as `torch.autocast` wants it."""
    return dev.type


def dtype_size(dtype: torch.dtype) -> int:
    """Bytes of one number."""
    return dtype.itemsize


def get_total_memory(dev: torch.device | None = None, torch_total_too: bool = False) -> Any:
    """Bytes of a device, and again as torch sees it if asked."""
    place = dev or get_torch_device()
    total = torch.cuda.mem_get_info(place)[1] if place.type == "cuda" else main_memory().total
    return (total, total) if torch_total_too else total


def get_free_memory(dev: torch.device | None = None, torch_free_too: bool = False) -> Any:
    """Bytes that are free on a device, and those of them that torch holds if asked."""
    place = dev or get_torch_device()
    if place.type != "cuda":
        free = torch_free = main_memory().free
    else:
        torch_free = torch.cuda.memory_reserved(place) - torch.cuda.memory_allocated(place)
        free = torch.cuda.mem_get_info(place)[0] + torch_free
    return (free, torch_free) if torch_free_too else free


def free_memory(memory_required: float, device: torch.device, keep_loaded: Iterable[Any] = ()) -> list[Any]:
    """Let idle models go from the device if less than so many bytes are free."""
    del keep_loaded
    memory = _memory()
    if memory is not None and get_free_memory(device) < memory_required:
        memory.free()
    return []


def unload_all_models() -> None:
    """Let idle models go from the device."""
    memory = _memory()
    if memory is not None:
        memory.free()


def soft_empty_cache(force: bool = False) -> None:
    """Give back what torch holds of the device and does not use."""
    del force
    if get_torch_device().type == "cuda":
        torch.cuda.empty_cache()


def cleanup_models(*_options: Any) -> None:
    """Let what nobody refers to go."""
    gc.collect()


def load_models_gpu(models: Iterable[Any], *_options: Any, **_more: Any) -> None:
    """Nothing to do: Weft brings a model to the device when it is used."""
    del models


def load_model_gpu(model: Any) -> None:
    """Nothing to do: Weft brings a model to the device when it is used."""
    del model


def interrupt_current_processing(value: bool = True) -> None:
    """Stop the run that the calling node belongs to.

    Raises:
        InterruptProcessingException: at once, if `value`.
    """
    if value:
        raise InterruptProcessingException("A node pack stopped the run.")
