"""`make try`: starts the function of each zip in dist/ and sends it a Create, and runs each check.

An executable that this machine cannot start is an error, with `--if-possible` only a message.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

import emulator
from emulator import HERE
from package import CHECK, DIST, NAME, TARGETS


def main():
    missing = [problem for architecture in TARGETS if (problem := try_both(architecture))]
    print("\n".join(missing), end="\n" if missing else "")
    return 1 if missing and "--if-possible" not in sys.argv else 0


def try_both(architecture):
    """Starts both executables of an architecture. Returns what this machine lacks, if anything."""
    emulate = []
    if architecture != HERE:
        cpu, system = TARGETS[architecture].split("-unknown-")
        libraries = pathlib.Path(f"/usr/{cpu}-{system}")
        emulate = [f"qemu-{cpu}", "-L", libraries]
        if not shutil.which(emulate[0]) or not libraries.is_dir():
            debian = {"arm64": "arm64", "x86_64": "amd64"}[architecture]
            return (
                f"NOT STARTED: the function and the check for {architecture}. Install "
                f"{emulate[0]} and {libraries}, on Debian by: "
                f"apt-get install qemu-user libc6-{debian}-cross"
            )
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(DIST / f"{NAME}-{architecture}.zip") as archive:
            executable = archive.extract("bootstrap", folder)
        os.chmod(executable, 0o755)  # `extract` keeps no mode.
        print(f"{architecture}: ", end="", flush=True)
        emulator.run(
            [
                "cargo", "run", "--quiet", "--locked", "-p", f"{NAME}-support", "--bin", "try",
                "--", *emulate, executable,
            ],
            echo=print,
        )  # fmt: skip
    check = DIST / f"{CHECK}-linux-{architecture}"
    emulator.run([*emulate, check, *sorted(emulator.ROOT.glob("examples/*.yaml"))], echo=print)
    return None


if __name__ == "__main__":
    sys.exit(main())
