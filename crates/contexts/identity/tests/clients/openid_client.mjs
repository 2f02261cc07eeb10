// openid-client: discovery, client credentials, code with PKCE, userinfo, refresh, introspection, DPoP.
import { consent, expect, load, world } from "./walk.mjs";

const client = await load("openid-client");
const insecure = { execute: [client.allowInsecureRequests] };
const issuer = new URL(world.issuer);

const config = await client.discovery(
  issuer, world.confidential, undefined, client.ClientSecretBasic(world.secret), insecure);
const service = await client.clientCredentialsGrant(config, { scope: "system/*.rs" });
expect(service.token_type === "bearer", "token_type");
const seen = await client.tokenIntrospection(config, service.access_token);
expect(seen.active && seen.scope === "system/*.rs", "introspection");
await client.tokenRevocation(config, service.access_token);
expect(!(await client.tokenIntrospection(config, service.access_token)).active, "revocation");

async function signIn(config, options = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: world.callback,
    scope: "openid fhirUser launch/patient patient/*.rs offline_access",
    aud: world.fhir,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
  });
  const back = await consent(url);
  return client.authorizationCodeGrant(
    config, back, { pkceCodeVerifier, expectedState, expectedNonce }, undefined, options);
}

const tokens = await signIn(config);
expect(tokens.patient === "p1", "patient in context");
expect(tokens.claims().fhirUser.endsWith("/Patient/p1"), "fhirUser");
const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
expect(info.fhirUser === tokens.claims().fhirUser, "userinfo");
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
expect(refreshed.refresh_token !== tokens.refresh_token, "rotation");

const open = await client.discovery(issuer, world.public, undefined, client.None(), insecure);
const DPoP = client.getDPoPHandle(open, await client.randomDPoPKeyPair("ES256"));
const bound = await signIn(open, { DPoP });
expect(bound.token_type === "dpop", "bound token");
const mine = await client.fetchUserInfo(open, bound.access_token, bound.claims().sub, { DPoP });
expect(mine.sub === info.sub, "userinfo with proof");
const again = await client.refreshTokenGrant(open, bound.refresh_token, {}, { DPoP });
expect(again.token_type === "dpop", "refresh with proof");
let refused;
await client.refreshTokenGrant(open, again.refresh_token).catch((error) => (refused = error));
expect(refused?.error === "invalid_dpop_proof", "refresh without proof");
console.log("ok");
