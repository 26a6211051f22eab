"""`make audit` with an advisory database of this test's own."""

import os
import subprocess
import sys

import pytest
from emulator import ROOT

ADVISORY = """```toml
[advisory]
id = "RUSTSEC-2026-0001"
package = "{package}"
date = "2026-01-01"
[versions]
patched = []
```

# A made-up vulnerability
"""


@pytest.fixture
def audit(tmp_path):
    """Runs the audit with an advisory about a crate, or without a database."""

    def run(package=None, **variables):
        database = tmp_path / "database"
        if package:
            file = database / "crates" / package / "RUSTSEC-2026-0001.md"
            file.parent.mkdir(parents=True)
            file.write_text(ADVISORY.format(package=package))
            git = ["git", "-C", database, "-c", "user.name=test", "-c", "user.email=test@localhost"]
            for command in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "test"]):
                subprocess.run([*git, *command], check=True)
        # The database is fetched from here, and kept here.
        fetched = f'[advisories]\ndb-path = "{tmp_path / "fetched"}"'
        config = tmp_path / "deny.toml"
        config.write_text((ROOT / "deny.toml").read_text().replace("[advisories]", fetched))
        instead = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{database}.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/RustSec/advisory-db",
        }
        command = [sys.executable, ROOT / "tools/audit.py", config]
        environment = {key: value for key, value in os.environ.items() if key != "ADVISORIES"}
        return subprocess.run(
            command, env=environment | instead | variables, capture_output=True, text=True, timeout=300
        )

    return run


def test_a_vulnerable_crate_of_either_lock_file_fails_the_audit(audit):
    # Only the fuzz targets use it.
    found = audit(package="libfuzzer-sys")
    assert found.returncode == 1
    assert "error[vulnerability]: A made-up vulnerability" in found.stderr
    assert "NOT CHECKED" not in found.stderr


def test_an_advisory_about_another_crate_is_none(audit):
    found = audit(package="openssl")
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("advisories ok, bans ok, licenses ok, sources ok") == 2


def test_advisories_that_were_not_checked_are_not_called_ok(audit):
    found = audit()
    assert found.returncode == 0, found.stderr
    assert "ADVISORIES WERE NOT CHECKED" in found.stderr
    assert "advisories ok" not in found.stdout
    assert audit(ADVISORIES="required").returncode == 1
