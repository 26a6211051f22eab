"""Puts the schema and the function into the CDK package.

    cdk_package.py dist       the function in dist/, for users
    cdk_package.py emulated   the function that emulator.build() made for this machine, for tests
"""

import pathlib
import shutil
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CDK = ROOT / "cdk"
ARCHITECTURES = ("arm64", "x86_64")


def main(source):
    for made in ("schema", "function"):
        shutil.rmtree(CDK / made, ignore_errors=True)
        (CDK / made).mkdir()
    shutil.copy(ROOT / "schema" / "cognito-identity-provider.json", CDK / "schema")
    for architecture in ARCHITECTURES:
        zipped = CDK / "function" / f"{architecture}.zip"
        if source == "dist":
            shutil.copy(ROOT / "dist" / f"cfn-cognito-idp-{architecture}.zip", zipped)
        else:
            # The emulator runs the same executable for each architecture: that of this machine.
            with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.write(ROOT / ".aws-sam" / "emulated" / "Function" / "bootstrap", "bootstrap")


if __name__ == "__main__":
    if sys.argv[1:] not in (["dist"], ["emulated"]):
        sys.exit(__doc__)
    main(sys.argv[1])
