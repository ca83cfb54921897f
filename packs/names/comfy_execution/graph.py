"""`comfy_execution.graph`: blocking, and what may go wrong with a graph."""

from execution.dynamic_prompt import DynamicPrompt
from execution.errors import DependencyCycleError
from execution.registry import UnknownNodeError as NodeNotFoundError
from execution.results import Blocked as ExecutionBlocker
from packs.lacking import lacking

__all__ = ["DependencyCycleError", "DynamicPrompt", "ExecutionBlocker", "NodeNotFoundError"]

__getattr__ = lacking(__name__)
