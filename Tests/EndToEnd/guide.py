"""A guide's own commands, run as it says: its files are written, its commands typed into one shell, what it shows compared."""

import re
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from waiting import NotInTime, wait_until

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: A block's first line that names its file.
_FILE = re.compile(r"^(?:# |<!-- )([\w./-]+\.\w+)(?: -->)?$")


@dataclass
class Command:
    line: str
    shown: list = field(default_factory=list)


@dataclass
class File:
    path: str
    text: str


def steps(text):
    """The files and commands of a page, in their order."""
    found = []
    for kind, body in _FENCE.findall(text):
        if kind == "console":
            found += _commands(body)
        else:
            name = _FILE.match(body.splitlines()[0])
            assert name, f"this block names no file: {body.splitlines()[0]}"
            found.append(File(name[1], body))
    return found


def _commands(body):
    commands = []
    for line in body.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:]))
        else:
            commands[-1].shown.append(line)
    return commands


def is_shown(shown, printed):
    """Whether `printed` is what `shown` says: a line `...` is any lines, `...` in a line is any text of it."""
    pattern = ""
    for line in shown:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            parts = re.split(r"\.\.\.", re.sub(r" +", " ", line.strip()))
            pattern += ".*".join(re.escape(part) for part in parts) + r"\n"
    text = "".join(re.sub(r" +", " ", line.strip()) + "\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None


class Shell:
    """One bash with job control, which runs command after command in a folder."""

    def __init__(self, folder, environment):
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], cwd=folder, env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self._folder = folder
        self._lines = []
        self._count = 0
        self._jobs = 0
        threading.Thread(target=self._read, daemon=True).start()
        self._write("set -m\n")

    def run(self, command, within=60):
        """Exit code and output. One that ends with `&` goes on in the background, its output in a file."""
        if command.endswith("&"):
            self._jobs += 1
            command = f"{command[:-1]} </dev/null >job-{self._jobs}.log 2>&1 &"
        else:
            # What a command reads must not be the commands behind it.
            command = f"{{ {command}; }} </dev/null"
        self._count += 1
        mark = f"--- {self._count} "
        begin = len(self._lines)
        self._write(f"{command}\necho; echo '{mark}'$?\n")
        end = wait_until(
            lambda: next((at for at, line in enumerate(self._lines) if line.startswith(mark)), None), within=within,
            what=command)
        # The empty line before the mark is ours; job control's own words are no output.
        printed = [line for line in self._lines[begin:end] if not re.match(r"^\[\d+\]", line)]
        while printed and not printed[-1]:
            printed.pop()
        return int(self._lines[end][len(mark):]), "\n".join(printed)

    def close(self):
        self._write("kill -KILL $(jobs -p) 2>/dev/null; exit\n")
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _write(self, text):
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line.rstrip("\n"))


def follow(shell, folder, text, rewrite):
    """Does all that a page says. Commands that only look are repeated until what is shown has come about."""
    for step in steps(text):
        match step:
            case File(path, body):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(rewrite(body))
            case Command(line, shown):
                _do(shell, rewrite(line), [rewrite(each) for each in shown])


def _listens(port):
    """Whether anybody does, without troubling them (proc(5), /proc/net/tcp: state 0A)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


_LOOKS = ("curl ", "flashgate migration", "ffprobe ")


def _do(shell, line, shown):
    last = None

    def is_done():
        nonlocal last
        code, printed = shell.run(line)
        last = f"exit code {code}, printed:\n{printed}"
        return code == 0 and (is_shown(shown, printed) or line.endswith("&"))

    if line.startswith(_LOOKS):
        try:
            wait_until(is_done, within=40, every=0.3)
        except NotInTime:
            raise AssertionError(f"$ {line}\n{last}\nshown:\n" + "\n".join(shown)) from None
        return
    assert is_done(), f"$ {line}\n{last}\nshown:\n" + "\n".join(shown)
    if listens := re.search(r"--listen \S+:(\d+)", line):
        wait_until(lambda: _listens(int(listens[1])), what=line)
