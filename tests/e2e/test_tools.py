"""The demo and the emulator leave nothing behind, and lists of the tools are current."""

import pathlib
import re
import signal
import socket
import subprocess
import sys
import tomllib

import pytest
from emulator import ROOT

HELD_OPEN = """
import signal, sys, threading
sys.path.insert(0, "tools")
import demo, emulator
with emulator.emulator() as aws:
    print(aws.port, aws.folder, flush=True)
    threading.Event().wait()
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_emulator_leaves_nothing_behind(stop):
    holder = subprocess.Popen(
        [sys.executable, "-c", HELD_OPEN], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        port, folder = holder.stdout.readline().split()
        assert pathlib.Path(folder).is_dir()
        holder.send_signal(stop)
        holder.wait(timeout=60)
    finally:
        holder.kill()
    assert not pathlib.Path(folder).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)))
    assert not [
        process
        for process in pathlib.Path("/proc").glob("[0-9]*/environ")
        if folder.encode() in readable(process)
    ]


def test_stacks_can_be_tried_with_the_commands_that_the_emulator_prints():
    holder = subprocess.Popen(
        [sys.executable, "tools/try_stacks.py"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        printed = []
        for line in holder.stdout:
            if line.startswith("Ctrl-C"):
                break
            printed.append(line)
        commands = "".join(line for line in printed if line.startswith("  "))
        tried = subprocess.run(
            ["bash", "-euc", commands], cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert tried.returncode == 0, tried.stdout + tried.stderr
        assert "Successfully created/updated stack - try" in tried.stdout
        holder.send_signal(signal.SIGINT)
        assert "It is gone." in holder.stdout.read()
        assert holder.wait(timeout=60) == 0
    finally:
        holder.kill()


def test_sam_builds_and_deploys_for_the_same_architecture():
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for name, architecture in [("default", "arm64"), ("x86_64", "x86_64")]:
        for command in ["build", "deploy"]:
            given = config[name][command]["parameters"]["parameter_overrides"]
            assert given == f"Architecture={architecture}"


def readable(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_every_mechanism_is_in_its_file_once_and_has_tests_of_that_name():
    mechanisms = tomllib.loads((ROOT / "tools" / "mechanisms.toml").read_text())["mechanism"]
    sources = [path.read_text() for path in ROOT.glob("*/**/*.rs") if "target" not in path.parts]
    # A function, or a case of a macro.
    names = set(re.findall(r"\bfn (\w+)|^    (\w+):", "\n".join(sources), re.MULTILINE))
    names = {name for pair in names for name in pair if name}
    for mechanism in mechanisms:
        source = (ROOT / mechanism["file"]).read_text()
        assert source.count(mechanism["old"]) == 1, mechanism["name"]
        tests = mechanism["tests"]
        kind = tests.index("--lib") + 1 if "--lib" in tests else tests.index("--test") + 2
        for chosen in tests[kind:]:
            chosen = chosen.rsplit("::", 1)[-1]
            assert any(chosen in name for name in names), (mechanism["name"], chosen)
