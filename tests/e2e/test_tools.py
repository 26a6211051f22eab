"""What the demo and these tests rely on: that nothing is left behind."""

import pathlib
import signal
import socket
import subprocess
import sys

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


def readable(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""
