"""Several groups of hooks as one."""

from typing import Annotated

from execution.fields import Help, Optional
from execution.node import node
from models.adapters import hooks as adapters
from nodes.hooks.values import Hooks, together

Part = Annotated[Hooks | None, Optional(), Help("Hooks of the group; those that stand in it twice count once.")]


@node("CombineHooks2", category="advanced/hooks/combine", display_name="Combine Hooks [2]")
def combine_hooks_2(*, hooks_A: Part = None, hooks_B: Part = None) -> Hooks:
    """All hooks of two groups as one group."""
    return together(hooks_A, hooks_B) or adapters.Hooks()


@node("CombineHooks4", category="advanced/hooks/combine", display_name="Combine Hooks [4]")
def combine_hooks_4(*, hooks_A: Part = None, hooks_B: Part = None, hooks_C: Part = None, hooks_D: Part = None) -> Hooks:
    """All hooks of up to four groups as one group."""
    return together(hooks_A, hooks_B, hooks_C, hooks_D) or adapters.Hooks()


@node("CombineHooks8", category="advanced/hooks/combine", display_name="Combine Hooks [8]")
def combine_hooks_8(
    *,
    hooks_A: Part = None,
    hooks_B: Part = None,
    hooks_C: Part = None,
    hooks_D: Part = None,
    hooks_E: Part = None,
    hooks_F: Part = None,
    hooks_G: Part = None,
    hooks_H: Part = None,
) -> Hooks:
    """All hooks of up to eight groups as one group."""
    groups = (hooks_A, hooks_B, hooks_C, hooks_D, hooks_E, hooks_F, hooks_G, hooks_H)
    return together(*groups) or adapters.Hooks()
