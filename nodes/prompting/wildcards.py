"""Wildcards and choices in texts."""

from typing import Annotated

from execution.fields import Help, Mentions, Multiline, Name, Seed
from execution.node import Context, NodeInputError, WithUi, node
from folders.workspace import Workspace
from models.prompting.errors import PromptError
from models.prompting.wildcard_files import read_wildcards
from models.prompting.wildcards import resolve
from nodes.prompt_files import wildcard_folders


@node("WeftWildcards", category="conditioning/prompts", display_name="Wildcards")
def wildcards(
    *,
    text: Annotated[
        str,
        Multiline(),
        Mentions("wildcards"),
        Help(
            "{a|b} chooses, {2::a|b} a twice as often, {2$$a|b|c} two of them; __name__ a line of wildcards/name.txt."
        ),
    ] = "",
    seed: Annotated[int, Seed(), Help("Which choices are made: the same number makes the same ones.")] = 0,
    ctx: Context,
) -> WithUi[Annotated[str, Name("text")]]:
    """Make the choices of a text, from its own alternatives and from the files of the folder wildcards."""
    try:
        entries = read_wildcards(wildcard_folders(ctx.service(Workspace))) if "__" in text else {}
        made = resolve(text, entries, seed)
    except PromptError as error:
        raise NodeInputError("text", str(error)) from error
    return WithUi(made, {"text": [made]})
