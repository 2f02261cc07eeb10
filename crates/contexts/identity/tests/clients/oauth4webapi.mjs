// oauth4webapi: private_key_jwt with ES384, pushed authorization requests, ID token validation.
import { consent, expect, load, world } from "./walk.mjs";

const oauth = await load("oauth4webapi");
const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(world.issuer);
const found = await oauth.discoveryRequest(issuer, insecure);
const as = await oauth.processDiscoveryResponse(issuer, found);

const pkcs8 = Buffer.from(world.pkcs8, "base64");
const algorithm = { name: "ECDSA", namedCurve: "P-384" };
const key = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
const client = { client_id: world.signing };
const auth = oauth.PrivateKeyJwt({ key, kid: "k1" });

const service = await oauth.processClientCredentialsResponse(
  as, client,
  await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: "system/*.rs" }, insecure));
expect(service.scope === "system/*.rs", "scope");

const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
const pushed = await oauth.processPushedAuthorizationResponse(
  as, client,
  await oauth.pushedAuthorizationRequest(as, client, auth, {
    response_type: "code",
    redirect_uri: world.callback,
    scope: "openid fhirUser launch/patient patient/*.rs",
    aud: world.fhir,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  }, insecure));
const url = new URL(as.authorization_endpoint);
url.searchParams.set("client_id", world.signing);
url.searchParams.set("request_uri", pushed.request_uri);
const params = oauth.validateAuthResponse(as, client, await consent(url), state);
const response = await oauth.authorizationCodeGrantRequest(
  as, client, auth, params, world.callback, verifier, insecure);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
  expectedNonce: nonce,
  requireIdToken: true,
});
await oauth.validateApplicationLevelSignature(as, response, insecure);
expect(tokens.patient === "p1", "patient in context");

const introspected = await oauth.processIntrospectionResponse(
  as, client, await oauth.introspectionRequest(as, client, auth, tokens.access_token, insecure));
expect(introspected.active && introspected.patient === "p1", "introspection");
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, auth, tokens.access_token, insecure));
console.log("ok");
