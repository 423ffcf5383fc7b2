"""The command line as scripts use it: exit codes, and what goes to which stream."""

import re
import shutil

import pytest
from conftest import ROOT

GOOD = """\
listeners:
  - { address: 127.0.0.1:1935, accept: [rtmp] }
rooms:
  demo: { open: true }
"""


def test_version_prints_one_line(flashgate):
    code, out, err = flashgate("version")
    assert code == 0
    assert re.fullmatch(r"flashgate \d+\.\d+\.\d+\S*\n", out)
    assert err == ""


@pytest.mark.parametrize("arguments", [["help"], ["help", "serve"], ["help", "check"], ["check", "--help"]])
def test_help_goes_to_standard_output(flashgate, arguments):
    code, out, err = flashgate(*arguments)
    assert code == 0
    assert "USAGE: flashgate" in out
    assert err == ""


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["help", "nonsense"], ["check", "--nonsense"], ["check", "--config"], ["version", "extra"], ["policy"]],
)
def test_wrong_use_is_64(flashgate, arguments):
    code, out, err = flashgate(*arguments)
    assert code == 64
    assert out == ""
    assert err != ""


def test_a_good_configuration_is_said_to_be_good(flashgate, tmp_path):
    (tmp_path / "gate.yaml").write_text(GOOD)
    assert flashgate("check", "--config", "gate.yaml") == (0, "gate.yaml: good: 1 listener, 1 room\n", "")


def test_the_default_configuration_is_in_config(flashgate, tmp_path):
    code, out, err = flashgate("check")
    assert code == 78
    assert err.startswith("Config/flashgate.yaml:1:1: cannot read the configuration: no such file")
    (tmp_path / "Config").mkdir()
    (tmp_path / "Config" / "flashgate.yaml").write_text(GOOD)
    assert flashgate("check")[0] == 0


@pytest.mark.parametrize("verb", ["check", "serve"])
def test_everything_wrong_is_told_with_line_and_column(flashgate, tmp_path, verb):
    (tmp_path / "gate.yaml").write_text(GOOD + "log: { level: loud }\nwebrtc: { udp_port: [8000] }\naccess: {}\n")
    code, out, err = flashgate(verb, "--config", "gate.yaml")
    assert code == 78
    assert out == ""
    assert err.splitlines() == [
        'gate.yaml:5:15: "loud" is unknown here: use one of trace, debug, info, notice, warning, error, critical',
        "gate.yaml:6:21: a port is needed here, a whole number from 1 to 65535, not a list",
        'gate.yaml:7:1: "access" is not supported yet by this version: remove it',
    ]


@pytest.mark.parametrize("name", ["flashgate.yaml", "demo.yaml"])
def test_the_configurations_that_come_along_lack_only_their_certificate(flashgate, tmp_path, name):
    shutil.copy(ROOT / "Config" / name, tmp_path / name)
    code, out, err = flashgate("check", "--config", name)
    assert code == 78
    assert len(err.splitlines()) == 2
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "cert.pem").write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    (tmp_path / "tls" / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n")
    assert flashgate("check", "--config", name)[0] == 0
