"""What the end-to-end tests share: the binary under test."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def binary():
    """Path of the release binary, from the environment or from where SwiftPM puts it."""
    path = Path(os.environ.get("FLASHGATE_BINARY", ROOT / ".build" / "release" / "flashgate"))
    if not path.exists():
        pytest.fail(f"{path} is not there: build it with `swift build -c release --product flashgate`")
    return path


@pytest.fixture
def flashgate(binary, tmp_path):
    """Runs a verb to its end in an empty folder; yields exit code, standard output and standard error."""

    def run(*arguments):
        done = subprocess.run(
            [binary, *arguments], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        return done.returncode, done.stdout, done.stderr

    return run
