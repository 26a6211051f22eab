"""Disables the mechanisms in mechanisms.toml one at a time, and checks that their tests fail.

This happens on a copy of the tree under target/mutants, with separate builds.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "target" / "mutants"
TREE = PLACE / "tree"
MECHANISMS = ROOT / "tools" / "mechanisms.toml"
# Warnings are beside the point: a mutant leaves things unused. Nobody debugs what is built.
ENVIRONMENT = os.environ | {
    "CARGO_TARGET_DIR": str(PLACE / "build"),
    "CARGO_PROFILE_DEV_DEBUG": "0",
    "RUSTFLAGS": "-Awarnings",
}


def copy_tree() -> None:
    """Copies the files that git tracks, as they are in the work tree."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)


def outcome(tests: list[str]) -> str:
    """Returns `passed`, `failed`, or why it is neither."""
    kind = tests.index("--lib") + 1 if "--lib" in tests else tests.index("--test") + 2
    target, filters = tests[:kind], tests[kind:]
    ran = subprocess.run(
        ["cargo", "test", "--quiet", "--locked", *target, "--", *filters],
        cwd=TREE,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    results = [line for line in ran.stdout.splitlines() if line.startswith("test result:")]
    if not results:
        return "not built:\n" + ran.stderr[-2_000:]
    if " 0 passed; 0 failed" in results[0]:
        return "no such test"
    return "passed" if ran.returncode == 0 else "failed"


def switched_off(mechanism: dict) -> str:
    """Returns the outcome of its tests without the mechanism."""
    path = TREE / mechanism["file"]
    source = path.read_text()
    places = source.count(mechanism["old"])
    if places != 1:
        return f"its source is found {places} times"
    path.write_text(source.replace(mechanism["old"], mechanism["new"]))
    try:
        return outcome(mechanism["tests"])
    finally:
        path.write_text(source)


def main(names: list[str]) -> int:
    mechanisms = tomllib.loads(MECHANISMS.read_text())["mechanism"]
    if names:
        mechanisms = [m for m in mechanisms if any(name in m["name"] for name in names)]
    copy_tree()
    # First all unmodified, because each change costs a build.
    on = [outcome(mechanism["tests"]) for mechanism in mechanisms]
    wrong = 0
    for number, (mechanism, on) in enumerate(zip(mechanisms, on), 1):
        off = switched_off(mechanism)
        as_it_should = (on, off) == ("passed", "failed")
        wrong += not as_it_should
        result = "ok" if as_it_should else f"with it: {on}; without it: {off}"
        print(f"{number:3}/{len(mechanisms)} {mechanism['name']}: {result}", flush=True)
    print(f"{len(mechanisms) - wrong} passed, {wrong} failed")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
