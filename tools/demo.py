"""`make demo`: creates, updates, rolls back and deletes stacks on an emulated AWS."""

import json
import subprocess
import sys
import textwrap
import time

import emulator
from emulator import ROOT
from stacks import Stack, masked, names, provider

MISTAKES = ROOT / "check" / "tests" / "templates" / "google.yaml"
CHECK = ROOT / "target" / "debug" / "cfn-cognito-idp-check"

SECRETS = {
    "PartnerClientSecret": "partner-secret",
    "GoogleClientSecret": "google-secret",
    "FacebookClientSecret": "facebook-secret",
    "AmazonClientSecret": "amazon-secret",
    "ApplePrivateKey": "apple-key",
}
COLOUR = sys.stdout.isatty()


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def title(text):
    print(f"\n{paint('1', text)}")


def say(text):
    print(f"  {text}", flush=True)


def expect(what, found, wanted):
    """Stops the demo if the result is not the expected one."""
    if found != wanted:
        raise SystemExit(f"{what}: expected {wanted!r}, found {found!r}")


class Progress:
    """Shows the progress of a build: one line on a terminal, every twentieth crate elsewhere."""

    def __init__(self):
        self.crates = 0

    def __call__(self, line):
        line = line.strip()
        self.crates += line.startswith("Compiling")
        if COLOUR:
            shown = textwrap.shorten(line, 80, placeholder="…")
            print(f"\r\033[K  {paint('2', f'{self.crates:3} {shown}')}", end="", flush=True)
        elif line.startswith("Compiling") and self.crates % 20 == 0:
            say(f"{self.crates} crates compiled")


def show_events(stack):
    for event in stack.new_events():
        status = event["ResourceStatus"]
        if status.endswith("IN_PROGRESS") or event["LogicalResourceId"] == stack.name:
            continue
        code = "31" if "FAILED" in status else "33" if "ROLLBACK" in status else "32"
        say(f"{paint(code, status.ljust(36))} {event['LogicalResourceId']}")
        if "FAILED" in status:
            for line in textwrap.wrap(event.get("ResourceStatusReason", ""), 84):
                say(f"    {line}")


def show_pool(aws, pool):
    for name in names(aws, pool):
        held = provider(aws, pool, name)
        say(f"{paint('1', name)} ({held['ProviderType']})")
        for key, value in sorted(masked(held["ProviderDetails"]).items()):
            say(f"    {key} = {value}")
        mapping = ", ".join(f"{k} ← {v}" for k, v in sorted(held["AttributeMapping"].items()))
        say(f"    mapping: {mapping}")
        if held["IdpIdentifiers"]:
            say(f"    identifiers: {', '.join(held['IdpIdentifiers'])}")


def step(stack, text, operation, wanted, *arguments, **parameters):
    """Runs one operation on the stack, shows its events, and checks how it ended."""
    title(text)
    start = time.monotonic()
    outcome = operation(*arguments, **parameters)
    show_events(stack)
    say(f"{outcome.status} after {time.monotonic() - start:.1f} s")
    expect("the stack", outcome.status, wanted)
    return outcome


def demo():
    title("Building the function for this machine, unoptimized")
    start = time.monotonic()
    emulator.build(Progress())
    print("\r\033[K" if COLOUR else "", end="")
    say(f"built in {time.monotonic() - start:.0f} s")

    title("Building cfn-cognito-idp-check")
    start = time.monotonic()
    emulator.run(["cargo", "build", "--locked", "-p", CHECK.name], echo=Progress())
    print("\r\033[K" if COLOUR else "", end="")
    say(f"built in {time.monotonic() - start:.0f} s")
    check()

    with emulator.emulator() as aws:
        title(f"Deploying template.yaml to an emulated AWS on {aws.url}")
        say(f"service token: {aws.deploy_handler()}")
        lifecycle(aws)
        rotation(aws)
        metadata(aws)
        adoption(aws)
    title("The emulator has stopped; its processes and files are removed.")


def check():
    title("Checking a template before deployment")
    where = MISTAKES.relative_to(ROOT)
    by_schema = [emulator.BIN / "cfn-lint", "--append-rules", "schema/cfn-lint", "--", where]
    for name, command in [(CHECK.name, [CHECK, where]), ("cfn-lint, with the schema", by_schema)]:
        found = subprocess.run(
            command, cwd=ROOT, env=emulator.environment(), capture_output=True, text=True
        )
        say(f"{paint('1', name)}:")
        for line in filter(None, found.stdout.splitlines()):
            say(f"    {line.strip()}")
        expect("the misspelt property", "AttributeMappings" in found.stdout, True)


def lifecycle(aws):
    template = (ROOT / "examples" / "six-providers.yaml").read_text()
    stack = Stack(aws, "identity")

    outcome = step(
        stack, "Creating a user pool, six providers and an app client that uses them",
        stack.create, "CREATE_COMPLETE", template, **SECRETS,
    )  # fmt: skip
    for key, value in sorted(outcome.outputs.items()):
        say(f"{key} = {value}")
    pool = outcome.outputs["UserPoolId"]
    six = ["Corp", "Facebook", "Google", "LoginWithAmazon", "Partner", "SignInWithApple"]
    expect("the pool", names(aws, pool), six)

    title("What Cognito holds")
    show_pool(aws, pool)
    held = provider(aws, pool, "Partner")["ProviderDetails"]
    expect("the secret in Cognito", held["client_secret"], SECRETS["PartnerClientSecret"])

    step(
        stack, "Changing an attribute mapping", stack.update, "UPDATE_COMPLETE", template,
        CorpEmailAttribute="mail", **SECRETS,
    )  # fmt: skip
    expect("the mapping", provider(aws, pool, "Corp")["AttributeMapping"], {"email": "mail"})
    say("Corp now maps email ← mail")

    step(
        stack, "Renaming the SAML provider, which moves its identifiers", stack.update,
        "UPDATE_COMPLETE", template, CorpEmailAttribute="mail", CorpName="CorpSso", **SECRETS,
    )  # fmt: skip
    renamed = provider(aws, pool, "CorpSso")
    expect("the old provider", provider(aws, pool, "Corp"), None)
    expect("the identifiers", renamed["IdpIdentifiers"], ["corp.example.com"])
    say(f"the pool holds {', '.join(names(aws, pool))}")

    before = [provider(aws, pool, name) for name in names(aws, pool)]
    broken = template.replace("AcrMapping:", "AcrMappings:").replace("Level2:", "Level7:")
    failed = step(
        stack, "An update with an error, which is rolled back", stack.update,
        "UPDATE_ROLLBACK_COMPLETE", broken, CorpEmailAttribute="upn", CorpName="CorpSso", **SECRETS,
    )  # fmt: skip
    expect("the reason", "AcrMappings is not a property" in failed.reason, True)
    after = [provider(aws, pool, name) for name in names(aws, pool)]
    expect("the pool after the rollback", after, before)
    say("the pool is unchanged")

    step(stack, "Deleting the stack", stack.delete, "DELETE_COMPLETE")


def rotation(aws):
    template = (ROOT / "examples" / "google.yaml").read_text()
    stack = Stack(aws, "google")
    outcome = step(
        stack, "Creating a provider whose secret the function reads from Secrets Manager",
        stack.create, "CREATE_COMPLETE", template,
    )  # fmt: skip
    pool = outcome.outputs["UserPoolId"]
    aws.client("secretsmanager").put_secret_value(
        SecretId=outcome.outputs["SecretArn"],
        SecretString=json.dumps({"client_secret": "google-rotated"}),
    )
    step(
        stack, "Updating it after the secret was rotated", stack.update, "UPDATE_COMPLETE",
        template, Revision="2",
    )  # fmt: skip
    held = provider(aws, pool, "Google")["ProviderDetails"]
    expect("the secret in Cognito", held["client_secret"], "google-rotated")
    say("Cognito has the new secret, which never appeared in the stack")
    step(stack, "Deleting the stack", stack.delete, "DELETE_COMPLETE")


def metadata(aws):
    template = (ROOT / "examples" / "saml-s3.yaml").read_text()
    good = (ROOT / "tests" / "metadata" / "okta.xml").read_bytes()
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="metadata")
    s3.put_object(Bucket="metadata", Key="corp.xml", Body=good)
    s3.put_object(Bucket="metadata", Key="page.xml", Body=b"<html/>")
    stack = Stack(aws, "saml")
    outcome = step(
        stack, "Creating a SAML provider with metadata in S3 and signed requests",
        stack.create, "CREATE_COMPLETE", template, MetadataBucket="metadata",
    )  # fmt: skip
    for key, value in sorted(outcome.outputs.items()):
        say(f"{key} = {value if len(value) <= 72 else f'{value[:72]}…'}")
    expect("the expiry", outcome.outputs["CertificateNotAfter"], "2099-12-31T23:59:59Z")
    failed = step(
        stack, "An update to a file that is not SAML metadata", stack.update,
        "UPDATE_ROLLBACK_COMPLETE", template, MetadataBucket="metadata", MetadataKey="page.xml",
    )  # fmt: skip
    expect("the reason", "is not SAML metadata" in failed.reason, True)
    step(stack, "Deleting the stack", stack.delete, "DELETE_COMPLETE")


def adoption(aws):
    template = (ROOT / "examples" / "adopt.yaml").read_text()
    cognito = aws.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="console")["UserPool"]["Id"]
    cognito.create_identity_provider(
        UserPoolId=pool,
        ProviderName="Partner",
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": "partner-client",
            "client_secret": "partner-secret",
            "authorize_scopes": "openid",
            "oidc_issuer": "https://login.partner.example.com",
            "attributes_request_method": "GET",
        },
    )
    given = {"UserPoolId": pool, "PartnerClientSecret": "partner-secret"}
    stack = Stack(aws, "adopt")
    mine = template.replace("      AdoptExisting: true\n", "")
    refused = step(
        stack, "A provider of that name from the console is not changed",
        stack.create, "ROLLBACK_COMPLETE", mine, **given,
    )  # fmt: skip
    expect("the reason", "AdoptExisting" in refused.reason, True)
    held = provider(aws, pool, "Partner")
    expect("the scopes", held["ProviderDetails"]["authorize_scopes"], "openid")
    step(stack, "Deleting the stack", stack.delete, "DELETE_COMPLETE")
    stack = Stack(aws, "adopt")
    step(
        stack, "With AdoptExisting, it is adopted",
        stack.create, "CREATE_COMPLETE", template, **given,
    )  # fmt: skip
    held = provider(aws, pool, "Partner")
    expect("the scopes", held["ProviderDetails"]["authorize_scopes"], "openid email profile")
    say(f"Partner has the scopes {held['ProviderDetails']['authorize_scopes']}")
    step(stack, "Deleting the stack, which retains the provider", stack.delete, "DELETE_COMPLETE")
    expect("the pool", names(aws, pool), ["Partner"])


if __name__ == "__main__":
    try:
        demo()
    except KeyboardInterrupt:
        print("\nstopped; no process is left running")
        sys.exit(130)
