"""A small client of a Weft server. It needs Python and nothing else.

from client import Weft

weft = Weft("http://127.0.0.1:8188")
result = weft.run("workflow.json", set={"KSampler.seed": 5})
result.save("pictures")
"""

from client.errors import JobCancelled, JobFailed, Problem, Refused, Unreachable, WaitTimeout, WeftError
from client.results import File, Job, Progress, Result
from client.weft import Weft

__all__ = [
    "File",
    "Job",
    "JobCancelled",
    "JobFailed",
    "Problem",
    "Progress",
    "Refused",
    "Result",
    "Unreachable",
    "WaitTimeout",
    "Weft",
    "WeftError",
]
