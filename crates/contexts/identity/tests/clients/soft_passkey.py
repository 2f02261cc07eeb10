"""An authenticator that others wrote: soft-webauthn over fido2 and cryptography (PyPI).

Reads orders as JSON lines and answers each with the credential as a page sends it. The device says that it met its user;
here it also says that it verified the user, which is what a passkey does, and signs that.
"""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.utils import sha256
from soft_webauthn import SoftWebauthnDevice

FLAGS = 32  # behind the hash of the relying party
VERIFIED = 0x04


def decoded(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(value):
    if isinstance(value, bytes):
        return urlsafe_b64encode(value).decode().rstrip("=")
    if isinstance(value, dict):
        return {name: encoded(one) for name, one in value.items()}
    return value


def verified(data):
    return data[:FLAGS] + bytes([data[FLAGS] | VERIFIED]) + data[FLAGS + 1 :]


def create(device, options, origin):
    options["challenge"] = decoded(options["challenge"])
    options["user"]["id"] = decoded(options["user"]["id"])
    options["pubKeyCredParams"] = [
        {"alg": one["alg"], "type": one["type"]} for one in options["pubKeyCredParams"]
    ]
    made = device.create({"publicKey": options}, origin)
    attestation = cbor.decode(made["response"]["attestationObject"])
    attestation["authData"] = verified(attestation["authData"])
    made["response"]["attestationObject"] = cbor.encode(attestation)
    return made


def get(device, options, origin, tamper):
    options["challenge"] = decoded(options["challenge"])
    signed = device.get({"publicKey": options}, origin)
    response = signed["response"]
    if tamper != "unverified":
        response["authenticatorData"] = verified(response["authenticatorData"])
    message = response["authenticatorData"] + sha256(response["clientDataJSON"])
    response["signature"] = device.private_key.sign(message, ec.ECDSA(hashes.SHA256()))
    if tamper == "data":
        data = response["authenticatorData"]
        response["authenticatorData"] = data[:-1] + bytes([data[-1] ^ 1])
    if tamper == "signature":
        other = ec.generate_private_key(ec.SECP256R1())
        response["signature"] = other.sign(message, ec.ECDSA(hashes.SHA256()))
    return signed


def main():
    device = SoftWebauthnDevice()
    for line in sys.stdin:
        order = json.loads(line)
        options, origin = order["options"], order["origin"]
        if order["act"] == "create":
            answer = create(device, options, origin)
        else:
            answer = get(device, options, origin, order.get("tamper"))
        answer["id"] = answer["rawId"]
        print(json.dumps(encoded(answer)), flush=True)


main()
