"""The commands that the pages and the examples print, and a shell to run them as they are."""

import re
import subprocess
import textwrap

from emulator import ROOT, environment

PAGES = [
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "cdk/README.md", "docs/**/*.md", "examples/*.yaml")
    for path in sorted(ROOT.glob(pattern))
]


def blocks(page):
    """Returns the blocks of commands of a page, or those in the comments of an example."""
    text = (ROOT / page).read_text()
    if page.endswith(".yaml"):
        found = re.findall(r"(?:^#     {1,3} .*\n)+", text, re.MULTILINE)
        found = [re.sub(r"^#", "", block, flags=re.MULTILINE) for block in found]
        # The others are text.
        found = [block for block in found if re.match(r" *[a-z]+ ", block)]
    else:
        found = re.findall(r"^ *```(?:sh|console)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


def printed(page, beginning):
    """Returns the block of a page that begins so."""
    (found,) = [block for block in blocks(page) if block.startswith(beginning)]
    return found


def shell(aws, folder, commands, status=0):
    """Runs commands in a folder. Returns what they print."""
    # Version 1 of the AWS CLI calls SQS at its old host, whatever AWS_ENDPOINT_URL says.
    here = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\n'
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here + commands],
        cwd=folder,
        env=environment(aws.url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == status, ended.stdout + ended.stderr
    return ended.stdout
