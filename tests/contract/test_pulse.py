"""A process whose interpreter stands still."""

import subprocess
import sys

FROZEN = """
import ctypes
from sluicegate.serve.pulse import end_if_frozen

end_if_frozen(0.5)
print("begun", flush=True)
ctypes.PyDLL(None).sleep(600)  # keeps the interpreter, as a library may
"""


def test_a_process_whose_interpreter_is_kept_ends_and_says_where() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FROZEN], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "begun\n")
    assert ended.stderr.startswith("Timeout (0:00:00.500000)!\n")
    assert 'File "<string>", line 7 in <module>' in ended.stderr
