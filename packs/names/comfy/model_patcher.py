"""`comfy.model_patcher`: the class of models, for packs that ask what a value is."""

from models.types import Model as ModelPatcher
from packs.lacking import lacking

__all__ = ["ModelPatcher"]

__getattr__ = lacking(__name__)
