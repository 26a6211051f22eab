"""Runs cargo-mutants: each small change to the source that it knows, and a test has to fail.

Arguments are regular expressions, by default one that matches every mutant. `--shard k/n` runs one
part of n, counted from 0. A mutant that survives the tests of one stage meets those of the next.
"""

import argparse
import re
import resource
import subprocess
import sys
import tomllib

from mutants import ENVIRONMENT, PLACE, ROOT, TREE, copy_tree

CARGO_MUTANTS = ROOT / ".tools" / "bin" / "cargo-mutants"
CONFIG = ROOT / ".cargo" / "mutants.toml"
# Some mutants would fill the memory before their time is over.
MEMORY_MAX = 8 << 30

# The quick tests first: most mutants fall to them, and the others are few.
STAGES = {
    "cfn-cognito-idp-core": ["--lib", "--test=properties"],
    "cfn-cognito-idp": ["--lib", "--test=function"],
}


def cargo_mutants(*arguments: str, **options) -> subprocess.CompletedProcess:
    # The properties draw the same cases for every mutant, and nobody reads the smallest that fails.
    seed = {"PROPTEST_RNG_SEED": "1", "PROPTEST_MAX_SHRINK_ITERS": "0"}
    environment = ENVIRONMENT | seed
    command = [str(CARGO_MUTANTS), "mutants", "--colors=never", *arguments]
    return subprocess.run(command, cwd=TREE, env=environment, text=True, **options)


def listed(*arguments: str) -> list[str]:
    """The mutants that there are, without places in files."""
    command = ["--workspace", "--list", "--line-col=false", *arguments]
    return cargo_mutants(*command, check=True, capture_output=True).stdout.splitlines()


def stale_exclusions() -> list[str]:
    """The exclusions that exclude nothing any more."""
    config = tomllib.loads(CONFIG.read_text())
    files = [f"--file={glob}" for glob in config["examine_globs"]]
    every = listed("--no-config", *files)
    return [
        pattern
        for pattern in config["exclude_re"]
        if not any(re.search(pattern, name) for name in every)
    ]


def survivors(package: str, chosen: list[str], shard: str | None) -> list[str]:
    """Runs the stages of a package, and returns the mutants that survive them all."""
    names, missed = chosen, []
    shards = [f"--shard={shard}"] if shard else []
    for stage, tests in enumerate(STAGES[package], 1):
        place = PLACE / f"{package}-{stage}"
        place.mkdir(parents=True, exist_ok=True)
        print(f"{package}, stage {stage}: {tests}", flush=True)
        ran = cargo_mutants(
            "--in-place",
            f"--output={place}",
            f"--package={package}",
            "--cargo-arg=--locked",
            f"--cargo-arg={tests}",
            *shards,
            *(f"--re={name}" for name in names),
        )
        # 2: some survive; 3: some run into the time limit, which counts as caught.
        if ran.returncode not in (0, 2, 3):
            sys.exit(f"cargo-mutants failed ({ran.returncode}); its logs are in {place}")
        report = (place / "mutants.out" / "missed.txt").read_text().splitlines()
        # cargo-mutants 27.1.0 adds those that delete a field, whatever was chosen.
        missed = [name for name in report if stage == 1 or name in missed]
        if not missed:
            break
        names, shards = [f"^{re.escape(name)}$" for name in missed], []
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("regex", nargs="*")
    parser.add_argument("--shard")
    arguments = parser.parse_args()
    if not CARGO_MUTANTS.exists():
        sys.exit("run `make .tools/bin/cargo-mutants` first")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    copy_tree()
    if stale := stale_exclusions():
        print("exclude nothing, remove them from .cargo/mutants.toml:", *stale, sep="\n")
        return 1
    missed = [
        name
        for package in STAGES
        for name in survivors(package, arguments.regex, arguments.shard)
    ]
    print(f"{len(missed)} survived", *missed, sep="\n")
    return min(len(missed), 1)


if __name__ == "__main__":
    sys.exit(main())
