"""Asks the registry for known vulnerabilities of the CDK package's dependencies.

Fails if there are any. If the registry cannot be asked, it says so and does not fail: a registry
that does not answer is no reason to stop working.
"""

import json
import pathlib
import subprocess
import sys

CDK = pathlib.Path(__file__).resolve().parent.parent / "cdk"
WHAT = {"what users install": ["--omit=dev"], "the whole tree": []}


def audit(arguments):
    """Returns the vulnerable packages, or None and the reason if nobody knows."""
    command = ["npm", "audit", "--json", *arguments]
    audited = subprocess.run(command, cwd=CDK, capture_output=True, text=True, timeout=120)
    try:
        report = json.loads(audited.stdout)
    except ValueError:
        report = {}
    if "vulnerabilities" not in report:
        lines = [line for line in audited.stderr.splitlines() if "audit" in line]
        return None, (lines or ["no report"])[0]
    return report["vulnerabilities"], None


def main():
    failed = False
    for what, arguments in WHAT.items():
        vulnerable, reason = audit(arguments)
        if vulnerable is None:
            print(f"NOT AUDITED: {what} of cdk/. The registry gave no report: {reason}")
            continue
        for name, found in vulnerable.items():
            print(f"{name} {found['range']}: {found['severity']}")
        print(f"audited {what} of cdk/: {len(vulnerable)} vulnerable packages")
        failed |= bool(vulnerable)
    sys.exit(failed)


if __name__ == "__main__":
    main()
