"""The command line as scripts use it: exit codes, and what goes to which stream."""

import re
import shutil
import socket
from pathlib import Path

import certificates
import gateway as gateways
import pytest

ROOT = Path(__file__).parents[2]

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
    [["nonsense"], ["help", "nonsense"], ["check", "--nonsense"], ["check", "--config"], ["version", "extra"], ["policy", "nonsense"]],
)
def test_wrong_use_is_64(flashgate, arguments):
    code, out, err = flashgate(*arguments)
    assert code == 64
    assert out == ""
    assert err != ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["policy", "import", "nowhere.xml"], (78, "nowhere.xml:1:1: No such file or directory\n")),
        (["policy", "diff", "nowhere", "nowhere"], (78, "nowhere:1:1: No such file or directory\n")),
        (["migration", "report", "--config", "gate.yaml", "--html", "/nowhere/report.html"],
         (70, "flashgate: /nowhere/report.html: No such file or directory\n")),
    ],
)
def test_a_file_that_cannot_be_had_is_told_in_the_systems_words(flashgate, tmp_path, arguments, expected):
    (tmp_path / "gate.yaml").write_text(GOOD + "audit: { file: audit.jsonl }\n")
    code, _, err = flashgate(*arguments)
    assert (code, err) == expected


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
    (tmp_path / "gate.yaml").write_text(GOOD + "log: { level: loud }\nwebrtc: { udp_port: [8000] }\n")
    code, out, err = flashgate(verb, "--config", "gate.yaml")
    assert code == 78
    assert out == ""
    assert err.splitlines() == [
        'gate.yaml:5:15: "loud" is unknown here: use one of trace, debug, info, notice, warning, error, critical',
        "gate.yaml:6:21: a port is needed here, a whole number from 1 to 65535, not a list",
    ]


@pytest.mark.parametrize("name", ["flashgate.yaml", "demo.yaml"])
def test_the_configurations_that_come_along_lack_only_their_certificate(flashgate, tmp_path, name):
    shutil.copy(ROOT / "Config" / name, tmp_path / name)
    code, out, err = flashgate("check", "--config", name)
    assert code == 78
    assert len(err.splitlines()) == 2
    certificates.self_signed(tmp_path / "tls")
    assert flashgate("check", "--config", name)[0] == 0


def https(certificate="tls/cert.pem", key="tls/key.pem"):
    """A configuration whose `tls:` stands in line 4; the certificate's name begins in column 25."""
    return f"""\
listeners:
  - address: 127.0.0.1:{gateways.free_port()}
    accept: [https]
    tls: {{ certificate: {certificate}, key: {key} }}
rooms:
  demo: {{ open: true }}
"""


def test_a_certificate_that_fits_and_is_valid_is_good(flashgate, tmp_path):
    certificates.self_signed(tmp_path / "tls")
    (tmp_path / "gate.yaml").write_text(https())
    assert flashgate("check", "--config", "gate.yaml") == (0, "gate.yaml: good: 1 listener, 1 room\n", "")


def refused(flashgate, verb):
    """What the one line says behind the file's name; everything else about a bad configuration is always the same."""
    code, out, err = flashgate(verb, "--config", "gate.yaml")
    assert code == 78, err
    assert out == ""
    [line] = err.splitlines()
    assert line.startswith("gate.yaml:")
    return line.removeprefix("gate.yaml:")


BAD_INPUT = {
    "a certificate that is not there": (
        https(certificate="tls/none.pem"),
        '4:25: cannot read the certificate "tls/none.pem": no such file: put a PEM file there or name another one'),
    "a key that is not there": (
        https(key="tls/none.pem"),
        '4:44: cannot read the private key "tls/none.pem": no such file: put a PEM file there or name another one'),
    "a key of another certificate": (
        https(key="other/key.pem"),
        '4:44: the private key "other/key.pem" does not fit the certificate "tls/cert.pem":'
        " name the key that the certificate was made for"),
    "an unknown key": (GOOD + "drain_timout: 3s\n", '5:1: unknown key "drain_timout": did you mean `drain_timeout`?'),
    "a list of ports that is none": (
        GOOD + "webrtc: { udp_port: [8000, 8001] }\n",
        "5:21: a port is needed here, a whole number from 1 to 65535, not a list"),
    "listeners that are no list": (
        "listeners: 1935\nrooms: { demo: { open: true } }\n",
        '1:12: a list of listeners, each starting with `- address:` is needed here, not "1935"'),
    "protocols that are no list": (
        GOOD.replace("[rtmp]", "rtmp"),
        '2:40: a list of protocols, such as [rtmp] or [https, rtmps] is needed here, not "rtmp"'),
    "a key of a later version": (
        GOOD.replace("open: true", "open: true, keys: []"),
        '4:23: "keys" is not supported yet by this version: remove it'),
    "an old server by another protocol": (
        GOOD.replace("open: true", "open: true, shadow: http://old/app"),
        '4:31: "http://old/app" is no address of an old server: write rtmp://HOST/APP or rtmps://HOST/APP (the gateway '
        'speaks no other protocol to it)'),
}


@pytest.mark.parametrize("verb", ["check", "serve"])
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_with_place_and_advice(flashgate, tmp_path, case, verb):
    certificates.self_signed(tmp_path / "tls")
    certificates.self_signed(tmp_path / "other")
    configuration, expected = BAD_INPUT[case]
    (tmp_path / "gate.yaml").write_text(configuration)
    assert refused(flashgate, verb) == expected


@pytest.mark.parametrize("verb", ["check", "serve"])
def test_an_expired_certificate_is_refused(flashgate, tmp_path, verb):
    certificates.self_signed(tmp_path / "tls", first_day=-30, last_day=-1)
    (tmp_path / "gate.yaml").write_text(https())
    assert re.fullmatch(
        r'4:25: the certificate "tls/cert.pem" expired on 20\d\d-\d\d-\d\dT[\d:.]+Z: renew it', refused(flashgate, verb))


@pytest.mark.parametrize("verb", ["check", "serve"])
def test_a_certificate_of_the_future_is_refused(flashgate, tmp_path, verb):
    certificates.self_signed(tmp_path / "tls", first_day=1)
    (tmp_path / "gate.yaml").write_text(https())
    assert re.fullmatch(
        r'4:25: the certificate "tls/cert.pem" is valid only from 20\d\d-\d\d-\d\dT[\d:.]+Z on:'
        r" check this machine's clock or name another certificate", refused(flashgate, verb))


ANOTHER_PROGRAM = "another program uses it: stop that program or choose another port"


def ports(listener, udp, admin):
    return f"""\
listeners:
  - address: 127.0.0.1:{listener}
    accept: [rtmp]
webrtc: {{ udp_port: {udp} }}
rooms: {{ demo: {{ open: true }} }}
admin: {{ address: 127.0.0.1:{admin} }}
"""


@pytest.mark.parametrize(
    "key, place, name",
    [("listener", "2:14", "127.0.0.1:{}"), ("udp", "4:21", "UDP port {}"), ("admin", "6:19", "127.0.0.1:{}")])
def test_a_port_that_another_program_uses_is_told_at_its_place(flashgate, tmp_path, key, place, name):
    kinds = {"udp": socket.SOCK_DGRAM}
    with socket.socket(socket.AF_INET, kinds.get(key, socket.SOCK_STREAM)) as other:
        other.bind(("127.0.0.1", 0))
        if key != "udp":
            other.listen()
        taken = other.getsockname()[1]
        free = {each: gateways.free_port(kinds.get(each, socket.SOCK_STREAM)) for each in ("listener", "udp", "admin")}
        (tmp_path / "gate.yaml").write_text(ports(**{**free, key: taken}))
        assert refused(flashgate, "serve") == f"{place}: cannot listen on {name.format(taken)}: {ANOTHER_PROGRAM}"
