"""Answers CloudFormation by hand for an event that the function could not answer.

usage: answer.py MESSAGE                 say who waits, and until when
       answer.py MESSAGE --event FILE    write the event, to send it to the function again
       answer.py MESSAGE --fail REASON   make the resource fail

MESSAGE is a file with a message of the queue UnansweredEvents. Needs Python alone.
"""

import argparse
import datetime
import json
import pathlib
import re
import sys
import urllib.parse
import urllib.request

# CloudFormation's response URLs are valid for two hours.
LIFETIME = datetime.timedelta(hours=2)
# CloudFormation waits so many seconds, unless the resource has a ServiceTimeout.
DEFAULT_TIMEOUT = 3600


def issued(event):
    """Returns when CloudFormation issued the request, which its response URL tells; None if not."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(event.get("ResponseURL", "")).query)
    if "X-Amz-Date" in query:
        date = datetime.datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")
        return date.replace(tzinfo=datetime.UTC)
    if "Expires" in query:
        expires = datetime.datetime.fromtimestamp(int(query["Expires"][0]), datetime.UTC)
        return expires - LIFETIME
    return None


def physical_id(event):
    """Returns the id for the answer. With that of a Create, the Delete of the rollback removes the
    provider if the function did create it, and no other."""
    if event["RequestType"] != "Create":
        return event["PhysicalResourceId"]
    properties = event.get("ResourceProperties", {})
    pool, name = properties.get("UserPoolId"), properties.get("ProviderName")
    since = issued(event)
    # With invalid properties, the function creates nothing.
    if not re.fullmatch(r"[\w-]+_[0-9a-zA-Z]+", str(pool)) or not name or not since:
        return f"not-created/{event['RequestId']}"
    return f"unconfirmed/{int(since.timestamp())}/{pool}|{name}"


def describe(event):
    for key in ("StackId", "LogicalResourceId", "RequestType", "RequestId", "PhysicalResourceId"):
        print(f"{key}: {event.get(key, '-')}")
    if "ResponseURL" not in event:
        print("It has no response URL: nobody waits for a response.")
    elif since := issued(event):
        timeout = event.get("ResourceProperties", {}).get("ServiceTimeout", DEFAULT_TIMEOUT)
        until = since + datetime.timedelta(seconds=int(timeout))
        print(f"CloudFormation waits until {until:%Y-%m-%d %H:%M} UTC.")


def fail(event, reason):
    if "ResponseURL" not in event:
        sys.exit("The event has no response URL: nobody waits for a response.")
    body = {
        "Status": "FAILED",
        "Reason": reason,
        "PhysicalResourceId": physical_id(event),
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The signature covers no content type.
    request = urllib.request.Request(
        event["ResponseURL"],
        json.dumps(body).encode(),
        {"Content-Type": ""},
        method="PUT",
    )
    try:
        urllib.request.urlopen(request).close()
    except OSError as error:
        sys.exit(f"The answer was not taken: {error}")
    print(f"answered: FAILED, {body['PhysicalResourceId']}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("message", type=pathlib.Path)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--event", type=pathlib.Path)
    action.add_argument("--fail", metavar="REASON")
    arguments = parser.parse_args()

    message = arguments.message.read_text().strip()
    # The AWS CLI prints this where there is nothing.
    if message in ("", "None"):
        sys.exit("The queue was empty: there is no message.")
    event = json.loads(message)["requestPayload"]
    if arguments.event:
        arguments.event.write_text(json.dumps(event))
    elif arguments.fail:
        fail(event, arguments.fail)
    else:
        describe(event)


if __name__ == "__main__":
    main()
