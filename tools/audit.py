"""`make audit`: checks licences, bans, sources and advisories of all crates by cargo-deny.

The advisories are in a git repository on GitHub. If it cannot be fetched, a notice says that they
were not checked; with ADVISORIES=required, the audit then fails. Takes another deny.toml, for tests.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CARGO_DENY = ROOT / ".venv" / "bin" / "cargo-deny"
# The fuzz targets are a workspace of their own.
MANIFESTS = (ROOT / "Cargo.toml", ROOT / "fuzz" / "Cargo.toml")
# Without a network, a fetch may hang.
FETCH_SECONDS = 120
NOT_CHECKED = """
  ****************************************************************************
  ADVISORIES WERE NOT CHECKED: the database of RustSec could not be fetched.
  Known vulnerabilities in dependencies are not found. Run `make audit` where
  https://github.com/RustSec/advisory-db can be reached.
  ****************************************************************************
"""


def main():
    config = sys.argv[1] if len(sys.argv) > 1 else ROOT / "deny.toml"
    common = [CARGO_DENY, "--workspace", "--locked", "--config", config]
    advisories = fetch(common)
    checks = ["licenses", "bans", "sources", *(["advisories"] if advisories else [])]
    passed = True
    for manifest in MANIFESTS:
        print(f"{manifest.relative_to(ROOT)}:", flush=True)
        # libyaml-safer has its licence in a file only. cargo-deny recognizes it there.
        check = ["check", "--hide-inclusion-graph", "--allow", "no-license-field", *checks]
        command = [*common, "--manifest-path", manifest, *check]
        passed &= subprocess.run(command, cwd=ROOT).returncode == 0
    if not advisories:
        print(NOT_CHECKED, file=sys.stderr)
        passed &= os.environ.get("ADVISORIES") != "required"
    return 0 if passed else 1


def fetch(common):
    """Fetches the advisory database, and returns whether that succeeded."""
    try:
        command = [*common, "fetch", "db"]
        return subprocess.run(command, cwd=ROOT, timeout=FETCH_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    sys.exit(main())
