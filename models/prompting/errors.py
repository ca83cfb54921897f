"""What is wrong with a prompt's rules."""


class PromptError(ValueError):
    """A text whose rules cannot be followed; the message is a sentence."""
