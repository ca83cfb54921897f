"""`comfy`: the package whose modules packs import; each is loaded when it is first used."""

from packs.lacking import lacking

__getattr__ = lacking(__name__)
