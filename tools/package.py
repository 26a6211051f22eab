"""`make package`: fills dist/ with all that a user needs to deploy without building.

Two runs on one commit give the same bytes; docs/decisions/0017-packages.md says how, and why the
files are what they are.
"""

import contextlib
import hashlib
import io
import os
import pathlib
import shutil
import stat
import subprocess
import zipfile
import zlib

import emulator
import yaml
from emulator import BIN, ROOT
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

NAME = "cfn-cognito-idp"
CHECK = f"{NAME}-check"
DIST = ROOT / "dist"
# Apart from target/, whose crates are compiled without these flags.
TARGET_DIR = ROOT / "target" / "package"
TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}
# Statically linked, so that the check runs on every Linux.
CHECK_TARGETS = {key: target.replace("gnu", "musl") for key, target in TARGETS.items()}
# The licence of the function, and what the Serverless Application Repository shows of it.
COPIED = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"]


def main():
    shutil.rmtree(DIST, ignore_errors=True)
    package(DIST, {architecture: build(NAME, target) for architecture, target in TARGETS.items()})
    for architecture, target in TARGETS.items():
        write_sbom(DIST / f"{NAME}-{architecture}.cdx.json", "Cargo.toml", target)
    for architecture, target in CHECK_TARGETS.items():
        check = DIST / f"{CHECK}-linux-{architecture}"
        shutil.copy(build(CHECK, target), check)
        write_sbom(check.with_name(f"{check.name}.cdx.json"), "check/Cargo.toml", target)
    # cargo-about needs the crates of all targets; the builds have downloaded those of theirs.
    run("cargo", "fetch", "--locked")
    write_licences(DIST / "THIRD-PARTY-LICENSES.txt", "Cargo.toml")
    write_licences(DIST / "THIRD-PARTY-LICENSES-check.txt", "check/Cargo.toml")
    (DIST / "BUILD.txt").write_text(build_conditions())
    write_sums(DIST)
    for file in sorted(DIST.iterdir()):
        print(f"{file.stat().st_size:>9,} {file.relative_to(ROOT)}")


def package(dist, executables):
    """Writes the zips and their templates, by architecture, and the sums of all files."""
    dist.mkdir(exist_ok=True)
    for architecture, executable in executables.items():
        archive = f"{NAME}-{architecture}.zip"
        (dist / archive).write_bytes(zipped(executable.read_bytes()))
        (dist / f"template-{architecture}.yaml").write_text(plain_template(architecture, archive))
    for name in COPIED:
        shutil.copyfile(ROOT / name, dist / name)
    write_sums(dist)


def build(name, target):
    """Compiles as `sam build` does, without the paths of this machine in the executable."""
    home = os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")
    flags = [f"--remap-path-prefix={ROOT}=/{NAME}", f"--remap-path-prefix={home}=/cargo"]
    with contextlib.suppress(FileNotFoundError):
        run("rustup", "target", "add", target)
    run(
        BIN / "cargo-lambda", "lambda", "build", "--release", "--locked", "--package", name,
        "--bin", name, "--target", target, "--lambda-dir", TARGET_DIR / "lambda" / target,
        RUSTFLAGS=" ".join(flags), CARGO_TARGET_DIR=str(TARGET_DIR),
    )  # fmt: skip
    return TARGET_DIR / "lambda" / target / name / "bootstrap"


def zipped(executable):
    """Returns a zip for Lambda. It depends on nothing but the executable and the zlib."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = (stat.S_IFREG | 0o755) << 16
    entry.create_system = 3  # Unix, so that the mode counts.
    entry.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, executable, compresslevel=9)
    return buffer.getvalue()


def plain_template(architecture, archive):
    """Returns `template.yaml` after the SAM transform, for one architecture and its zip."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    del template["Parameters"]["Architecture"]
    function = template["Resources"]["Function"]
    del function["Metadata"]  # It tells `sam build` how to build.
    # The translator knows no files.
    function["Properties"] |= {"Architectures": [architecture], "CodeUri": "s3://bucket/key"}
    # It writes the partition of a region into ARNs.
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    plain = any_partition(transform(template, {}, ManagedPolicyLoader(None)))
    plain["Resources"]["Function"]["Properties"]["Code"] = archive
    text = yaml.safe_dump(plain, sort_keys=False, width=100, allow_unicode=True)
    return f"# Made from template.yaml of {NAME} by `make package`.\n{text}"


def any_partition(node):
    """Returns a copy in which the ARNs name the partition of the stack."""
    if isinstance(node, dict):
        return {str(key): any_partition(value) for key, value in node.items()}
    if isinstance(node, list):
        return [any_partition(value) for value in node]
    if isinstance(node, str):
        inside = node.removeprefix("arn:aws:")
        return str(node) if inside == node else {"Fn::Sub": f"arn:${{AWS::Partition}}:{inside}"}
    return node


def write_sbom(file, package, target):
    """Writes the crates in an executable as CycloneDX, without dates and without local paths."""
    made = f"{NAME}.sbom"
    run(
        ROOT / ".tools/bin/cargo-cyclonedx", "cyclonedx", "--quiet", "--format", "json",
        "--spec-version", "1.5", "--target", target, "--override-filename", made,
        SOURCE_DATE_EPOCH=git("log", "-1", "--format=%ct"),
    )  # fmt: skip
    # It makes one for each crate of the workspace, beside its Cargo.toml.
    for manifest in git("ls-files", "*Cargo.toml").split():
        sbom = (ROOT / manifest).parent / f"{made}.json"
        if manifest == package:
            file.write_text(sbom.read_text().replace(f"file://{ROOT}", f"file:///{NAME}"))
        sbom.unlink(missing_ok=True)


def write_licences(file, package):
    """Writes the licences of the crates in an executable."""
    run(
        ROOT / ".tools/bin/cargo-about", "generate", "--locked", "--offline", "--fail",
        "--manifest-path", package, "--config", "tools/licenses.toml", "--output-file", file,
        "tools/licenses.hbs",
    )  # fmt: skip


def build_conditions():
    """Returns what must be the same for a second build to give the same bytes."""
    changed = ", with uncommitted changes" if git("status", "--porcelain") else ""
    return (
        f"commit {git('rev-parse', 'HEAD')}{changed}\n"
        f"{output('rustc', '--version')}\n"
        f"{output(BIN / 'cargo-lambda', 'lambda', '--version')}\n"
        f"zig {output(BIN / 'python', '-m', 'ziglang', 'version')}\n"
        f"zlib {zlib.ZLIB_RUNTIME_VERSION}\n"
    )


def write_sums(dist):
    """Writes the SHA-256 sums of all other files, for `sha256sum --check`."""
    files = sorted(file for file in dist.iterdir() if file.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (dist / "SHA256SUMS").write_text("".join(sums))


def run(*command, **variables):
    emulator.run(command, echo=print, variables=variables)


def output(*command):
    return subprocess.check_output([str(part) for part in command], cwd=ROOT, text=True).strip()


def git(*arguments):
    return output("git", *arguments)


if __name__ == "__main__":
    main()
