"""`io.ComfyNode`: a node class whose `execute` is a class method, and how it becomes a class-style one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from execution.accepting import accepted_names
from execution.errors import NodeDeclarationError
from packs.newer.schema import HiddenValues, NodeOutput, Schema


class ComfyNode:
    """Packs derive from it: `define_schema`, `execute`, and as they like `validate_inputs`, `fingerprint_inputs`,
    `check_lazy_status`."""

    hidden: ClassVar[HiddenValues] = HiddenValues()

    @classmethod
    def define_schema(cls) -> Schema:
        """The node's declaration."""
        raise NodeDeclarationError(f"The node class {cls.__name__} has no define_schema.")

    @classmethod
    def execute(cls, **kwargs: Any) -> Any:
        """What the node does."""
        raise NodeDeclarationError(f"The node class {cls.__name__} has no execute.")

    @classmethod
    def GET_SCHEMA(cls) -> Schema:
        """The declaration, asked for now."""
        return cls.define_schema()

    @classmethod
    def as_class_style(cls) -> type:
        """A class with INPUT_TYPES, RETURN_TYPES and FUNCTION that does the same."""
        schema = cls.define_schema()
        attributes: dict[str, Any] = {
            "NODE_ID": schema.node_id,
            "DISPLAY_NAME": schema.display_name or schema.node_id,
            "INPUT_TYPES": staticmethod(lambda: cls.define_schema().input_types()),
            "RETURN_TYPES": tuple(one.type for one in schema.outputs),
            "RETURN_NAMES": tuple(one.name for one in schema.outputs),
            "OUTPUT_IS_LIST": tuple(one.is_output_list for one in schema.outputs),
            "OUTPUT_TOOLTIPS": tuple(one.tooltip for one in schema.outputs),
            "CATEGORY": schema.category,
            "DESCRIPTION": schema.description,
            "INPUT_IS_LIST": schema.says("is_input_list"),
            "OUTPUT_NODE": schema.says("is_output_node"),
            "DEPRECATED": schema.says("is_deprecated"),
            "EXPERIMENTAL": schema.says("is_experimental"),
            "NOT_IDEMPOTENT": schema.says("not_idempotent"),
            "FUNCTION": "run_in_weft",
            "run_in_weft": _runner(cls, schema),
        }
        for old, new in (("VALIDATE_INPUTS", "validate_inputs"), ("IS_CHANGED", "fingerprint_inputs")):
            hook: Any = getattr(cls, new, None)
            if hook is not None:
                attributes[old] = staticmethod(hook)
        lazy: Any = getattr(cls, "check_lazy_status", None)
        if lazy is not None:
            attributes["check_lazy_status"] = _lazy_check(lazy)
        return type(cls.__name__, (cls,), attributes)


def _runner(cls: type[ComfyNode], schema: Schema) -> Any:
    """The method that the class-style node runs."""
    names = accepted_names(cls.execute)
    hidden = {one.name for one in schema.hidden}

    def call(values: Mapping[str, Any]) -> Any:
        own = HiddenValues(**{name: value for name, value in values.items() if name in hidden})
        clone = type(cls.__name__, (cls,), {"hidden": own})  # a class of its own: async calls overlap
        given = {name: value for name, value in values.items() if name not in hidden}
        return clone.execute(**(given if "*" in names else {n: v for n, v in given.items() if n in names}))

    if inspect.iscoroutinefunction(cls.execute):

        async def run_async(self: Any, **values: Any) -> Any:
            del self
            return _class_style(await call(values))

        return run_async

    def run(self: Any, **values: Any) -> Any:
        del self
        return _class_style(call(values))

    return run


def _class_style(result: Any) -> Any:
    return result.class_style() if isinstance(result, NodeOutput) else result


def _lazy_check(check: Any) -> Any:
    """A method that gives the class method those of the inputs that it takes."""
    names = accepted_names(check)

    def check_lazy_status(self: Any, **values: Any) -> Any:
        del self
        return check(**(values if "*" in names else {n: v for n, v in values.items() if n in names}))

    return check_lazy_status
