"""ministack with two additions.

GetSigningCertificate, which the function calls and ministack does not know; and PutEvents takes
events of AWS services, so that tests can send those that ministack does not.
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
from ministack.services import cognito, eventbridge

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


if __name__ == "__main__":
    cognito._dispatch_idp = dispatch
    eventbridge._put_events = functools.partial(eventbridge._put_events, allow_aws_source=True)
    sys.exit(main())
