// oidc-client-ts: sign-in and refresh of a page, with its state in memory.
import { consent, expect, load, world } from "./walk.mjs";

const { InMemoryWebStorage, OidcClient, WebStorageStateStore } = await load("oidc-client-ts");
const client = new OidcClient({
  authority: world.issuer,
  client_id: world.public,
  redirect_uri: world.callback,
  scope: "openid fhirUser profile launch/patient patient/*.rs offline_access",
  extraQueryParams: { aud: world.fhir },
  loadUserInfo: false,
  stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
});
const request = await client.createSigninRequest({ nonce: "n-1" });
const back = await consent(request.url);
const signedIn = await client.processSigninResponse(back.href);
expect(signedIn.profile.fhirUser.endsWith("/Patient/p1"), "fhirUser");
expect(signedIn.profile.name === "ann", "name");
const refreshed = await client.useRefreshToken({
  state: {
    refresh_token: signedIn.refresh_token,
    id_token: signedIn.id_token,
    session_state: null,
    scope: signedIn.scope,
    profile: signedIn.profile,
  },
});
expect(refreshed.access_token !== signedIn.access_token, "refresh");
console.log("ok");
