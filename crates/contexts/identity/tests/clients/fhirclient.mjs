// fhirclient: SMART standalone launch from a server's request, with PKCE.
import { consent, expect, load, world } from "./walk.mjs";

const { default: smart } = await load("fhirclient");
const memory = new Map();
const storage = {
  get: async (key) => memory.get(key),
  set: async (key, value) => (memory.set(key, value), value),
  unset: async (key) => memory.delete(key),
};
const api = (path, redirected) => {
  const request = { url: path, headers: { host: "app.example.org" }, socket: { encrypted: true } };
  const response = {
    headersSent: false,
    writeHead: (_, headers) => redirected?.(headers.location ?? headers.Location),
    end: () => {},
  };
  return smart(request, response, storage);
};
const url = await new Promise((resolve, reject) => {
  api("/launch", resolve)
    .authorize({
      iss: world.fhir,
      clientId: world.public,
      scope: "openid fhirUser launch/patient patient/*.rs offline_access",
      redirectUri: world.callback,
      pkceMode: "required",
    })
    .catch(reject);
});
const back = await consent(url);
const client = await api(`${back.pathname}${back.search}`).ready();
expect(client.patient.id === "p1", "patient in context");
expect(client.getFhirUser() === "Patient/p1", `fhirUser ${client.getFhirUser()}`);
const before = client.state.tokenResponse.access_token;
await client.refresh();
expect(client.state.tokenResponse.access_token !== before, "refresh");
console.log("ok");
