// Another provider: npm's oidc-provider with Keycloak's role claim. Prints a line of JSON with its issuer,
// an access token of a service, and tokens that must not pass; ends with its standard input.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

let provider;
const server = createServer((request, response) => provider.callback()(request, response));
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const secret = "a-secret-of-the-test";
provider = new Provider(issuer, {
  clients: [
    {
      client_id: "app",
      client_secret: secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  scopes: ["user/*.rs"],
  extraTokenClaims: () => ({
    sub: "u1",
    realm_access: { roles: ["physician", "offline_access"] },
    fhirUser: `${issuer}/fhir/Practitioner/7`,
    acr: "2",
  }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:ehr",
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: "user/*.rs",
        audience: resource,
        accessTokenTTL: 300,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
provider.on("server_error", (_, error) => console.error(error));

async function token(resource) {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`app:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "user/*.rs", resource }),
  });
  const body = await response.json();
  if (!body.access_token) throw new Error(JSON.stringify(body));
  return body.access_token;
}

console.log(JSON.stringify({ issuer, good: await token("urn:ehr"), other: await token("urn:other") }));
process.stdin.on("end", () => process.exit(0)).resume();
