"""Models written to files: single files of the official layout, and folders that diffusers reads.

Nothing is gathered in memory: every tensor is made when its turn to be written comes, and dropped after it.
"""
