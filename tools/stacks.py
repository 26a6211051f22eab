"""CloudFormation stacks, and the providers that Cognito holds."""

import dataclasses
import time

SECRETS = ("client_secret", "private_key")


@dataclasses.dataclass
class Outcome:
    """How an operation on a stack ended."""

    status: str
    outputs: dict
    reasons: list

    @property
    def reason(self):
        """All reasons that CloudFormation gave for failures."""
        return "\n".join(self.reasons)


class Stack:
    """A stack on an emulator. Templates are given as their text or as a URL."""

    def __init__(self, aws, name):
        self.aws = aws
        self.name = name
        self.cloudformation = aws.client("cloudformation")
        self.stack_id = None
        self.before = set()

    def create(self, template, **parameters):
        return self._apply(self.cloudformation.create_stack, template, parameters)

    def update(self, template, **parameters):
        return self._apply(self.cloudformation.update_stack, template, parameters)

    def _apply(self, operation, template, parameters):
        by_url = template.startswith("http")
        if self.stack_id:
            self._begin()
        self.stack_id = operation(
            StackName=self.name,
            **{"TemplateURL" if by_url else "TemplateBody": template},
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in parameters.items()
            ],
        )["StackId"]
        return self.settled()

    def delete(self):
        self._begin()
        self.cloudformation.delete_stack(StackName=self.name)
        return self.settled()

    def _begin(self):
        self.before = {event["EventId"] for event in self._events()}

    def settled(self):
        """Waits for the operation under way."""
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            described = self.cloudformation.describe_stacks(StackName=self.stack_id)
            stack = described["Stacks"][0]
            status = stack["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                return Outcome(
                    status,
                    {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])},
                    self._reasons(),
                )
            time.sleep(0.05)
        raise TimeoutError(f"stack {self.name} is still {status}")

    def new_events(self):
        """The events of the last operation, oldest first."""
        # They come newest first, and many have the same time.
        events = reversed(self._events())
        new = [event for event in events if event["EventId"] not in self.before]
        return sorted(new, key=lambda event: event["Timestamp"])

    def _events(self):
        pages = self.cloudformation.get_paginator("describe_stack_events")
        return [
            event
            for page in pages.paginate(StackName=self.stack_id)
            for event in page["StackEvents"]
        ]

    def _reasons(self):
        return [
            event["ResourceStatusReason"]
            for event in self.new_events()
            if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
        ]


def provider(aws, pool, name):
    """Returns the provider without the dates that Cognito adds; None if it does not exist."""
    cognito = aws.client("cognito-idp")
    try:
        found = cognito.describe_identity_provider(UserPoolId=pool, ProviderName=name)
    except cognito.exceptions.ResourceNotFoundException:
        return None
    held = found["IdentityProvider"]
    for recorded in ("CreationDate", "LastModifiedDate"):
        held.pop(recorded, None)
    return held


def names(aws, pool):
    """The names of all providers of a pool."""
    pages = aws.client("cognito-idp").get_paginator("list_identity_providers")
    found = pages.paginate(UserPoolId=pool, PaginationConfig={"PageSize": 60})
    return sorted(item["ProviderName"] for page in found for item in page["Providers"])


def masked(details):
    """Returns `ProviderDetails` with the secrets masked."""
    return {key: "********" if key in SECRETS else value for key, value in details.items()}
