"""Prompt styles."""

from pathlib import Path
from typing import Annotated, NamedTuple

from execution.fields import Help, Mentions, Multiline, Name, Optional
from execution.node import Context, NodeInputError, WithUi, node
from folders.workspace import Workspace
from models.prompting.errors import PromptError
from models.prompting.styles import Style, find_style, read_styles
from nodes.prompt_files import STYLES

OWN = Path(__file__).with_name("data") / "styles.csv"
SUFFIXES = (".csv", ".json")


class Styled(NamedTuple):
    """A pair of prompts."""

    positive: Annotated[str, Name("positive")]
    negative: Annotated[str, Name("negative")]


@node("WeftPromptStyle", category="conditioning/prompts", display_name="Prompt style")
def prompt_style(
    *,
    positive: Annotated[str, Multiline(), Help("What to draw; stands where the style says {prompt}.")] = "",
    negative: Annotated[str, Multiline(), Help("What not to draw; the style's own words are added.")] = "",
    style: Annotated[
        str,
        Mentions("styles"),
        Help(
            "A style's name, several with commas between them, or nothing. Those of .csv and .json files in the "
            "workspace's folder styles, and photograph, portrait, film still, oil painting, watercolour, ink drawing, "
            "comic, pixel art, 3d render, low poly, isometric, blueprint."
        ),
    ] = "photograph",
    strip: Annotated[bool, Optional(), Help("Take white space and commas off the ends.")] = True,
    ctx: Context,
) -> WithUi[Styled]:
    """Put prompts into the frame of a style: a table of words that make a photograph, a painting and so on."""
    try:
        styles = _styles(ctx.service(Workspace)) if style.strip() else {}
        for name in filter(str.strip, style.split(",")):
            positive, negative = find_style(name, styles).applied(positive, negative)
    except PromptError as error:
        raise NodeInputError("style", str(error)) from error
    if strip:
        positive, negative = positive.strip(" \n,"), negative.strip(" \n,")
    return WithUi(Styled(positive, negative), {"text": [f"{positive}\n\n{negative}"]})


def _styles(workspace: Workspace) -> dict[str, Style]:
    """All styles by name; the user's own count before those that come with Weft."""
    styles = read_styles(OWN)
    folder = workspace.root / STYLES
    for path in sorted(folder.iterdir(), reverse=True) if folder.is_dir() else ():
        if path.suffix.lower() in SUFFIXES:
            styles |= read_styles(path)
    return styles
