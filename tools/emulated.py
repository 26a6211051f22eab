"""ministack with four additions.

- GetSigningCertificate, which the function calls and ministack does not know.
- PutEvents takes events of AWS services, so that tests can send those that ministack does not.
- CloudFormation delivers events of custom resources as AWS does: asynchronously, with two retries,
  and then to the function's on-failure destination.
- CloudFormation takes saved queries of CloudWatch Logs, which nothing here runs.
"""

import base64
import datetime
import functools
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from ministack.app import main
from ministack.core.responses import json_response
from ministack.services import cognito, eventbridge, lambda_svc
from ministack.services.cloudformation import custom_resource, provisioners

known = cognito._dispatch_idp


async def dispatch(action, data):
    if action == "GetSigningCertificate" and data.get("UserPoolId") in cognito._user_pools:
        return json_response({"Certificate": certificate(data["UserPoolId"])})
    return await known(action, data)


@functools.cache
def certificate(pool):
    """Returns a self-signed certificate for the pool, in base64, as Cognito does."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, pool)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


execute = lambda_svc._execute_function_with_config_scope


def deliver(function, event):
    caller = sys._getframe(1).f_globals["__name__"]
    if caller == custom_resource.__name__:
        return lambda_svc.invoke_async_with_retry(function, event)
    return execute(function, event)


def saved_query(logical_id, properties, stack):
    """Creates a saved query: returns its physical id and attributes."""
    missing = {"Name", "QueryString"} - properties.keys()
    if missing:
        raise ValueError(f"{logical_id} has no {', '.join(sorted(missing))}")
    return f"{stack}-{logical_id}", {}


if __name__ == "__main__":
    lambda_svc._execute_function_with_config_scope = deliver
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": saved_query,
        "update": lambda physical_id, old, new, stack: (physical_id, {}),
        "delete": lambda physical_id, properties: None,
    }
    cognito._dispatch_idp = dispatch
    eventbridge._put_events = functools.partial(eventbridge._put_events, allow_aws_source=True)
    sys.exit(main())
