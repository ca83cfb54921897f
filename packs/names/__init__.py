"""The modules that node packs import, by the names that packs use for them.

They are imported below another package (see `packs.imports`), which has the `host` that they work with. Only what packs
need in practice is here; each hands its work to Weft's own code. A name that is not here is refused with a sentence.
"""

from packs.host import Host

host: Host
