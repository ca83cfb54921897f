"""For every test: torch's waiting threads sleep, as in the program itself (see main.py)."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before anything imports torch
