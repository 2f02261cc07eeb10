// What all scripts share: packages from the cache folder, and a browser that signs in and consents.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export const [folder, description] = process.argv.slice(2);
export const world = JSON.parse(description);

const require = createRequire(`${folder}/package.json`);

/** Imports a package from the cache folder. */
export async function load(name) {
  return import(pathToFileURL(require.resolve(name)).href);
}

/** Visits an authorization URL as the person, allows everything, and returns where the browser ends. */
export async function consent(url) {
  const headers = { cookie: world.cookie };
  let response = await fetch(url, { redirect: "manual", headers });
  if (response.status === 200) {
    const html = await response.text();
    const field = (name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)[1];
    const form = new URLSearchParams({
      pending: field("pending"),
      token: field("token"),
      decision: "allow",
    });
    for (let at = 0; at < 10; at++) form.set(`grant_${at}`, "1");
    response = await fetch(`${world.issuer}/oauth2/consent`, {
      method: "POST",
      redirect: "manual",
      headers,
      body: form,
    });
  }
  if (response.status !== 303) throw new Error(`${response.status} ${await response.text()}`);
  return new URL(response.headers.get("location"));
}

export function expect(condition, what) {
  if (!condition) throw new Error(what);
}
