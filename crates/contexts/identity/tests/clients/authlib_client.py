"""authlib: client credentials, code with PKCE, ID token, refresh, revocation."""

import json
import re
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session

world = json.loads(sys.argv[1])
issuer, callback = world["issuer"], world["callback"]
meta = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=30).json()
assert meta["issuer"] == issuer
# The server of the test speaks plain HTTP on the loopback.
import os

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

service = OAuth2Session(world["confidential"], world["secret"])
token = service.fetch_token(meta["token_endpoint"], grant_type="client_credentials", scope="system/*.rs")
assert token["scope"] == "system/*.rs", token
seen = service.introspect_token(meta["introspection_endpoint"], token=token["access_token"])
assert seen.json()["active"] is True
assert service.revoke_token(meta["revocation_endpoint"], token=token["access_token"]).status_code == 200
seen = service.introspect_token(meta["introspection_endpoint"], token=token["access_token"])
assert seen.json() == {"active": False}

scope = "openid fhirUser launch/patient patient/*.rs offline_access"
session = OAuth2Session(
    world["confidential"],
    world["secret"],
    scope=scope,
    redirect_uri=callback,
    code_challenge_method="S256",
)
verifier = "a-code-verifier-that-is-long-enough-for-the-rule-0123"
url, state = session.create_authorization_url(
    meta["authorization_endpoint"], code_verifier=verifier, aud=world["fhir"], nonce="n-1"
)
browser = {"cookie": world["cookie"]}
page = requests.get(url, headers=browser, allow_redirects=False, timeout=30).text
field = lambda name: re.search(f'name="{name}" value="([^"]*)"', page)[1]
form = {"pending": field("pending"), "token": field("token"), "decision": "allow"}
form |= {f"grant_{at}": "1" for at in range(10)}
answer = requests.post(
    f"{issuer}/oauth2/consent", data=form, headers=browser, allow_redirects=False, timeout=30
)
assert answer.status_code == 303, answer.text
token = session.fetch_token(
    meta["token_endpoint"],
    authorization_response=answer.headers["location"],
    code_verifier=verifier,
    state=state,
)
assert token["patient"] == "p1", token
refreshed = session.refresh_token(meta["token_endpoint"], refresh_token=token["refresh_token"])
assert refreshed["refresh_token"] != token["refresh_token"]
print("ok")
