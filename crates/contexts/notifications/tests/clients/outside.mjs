// Judges of others: `twilio` and `@sendgrid/eventwebhook` know what is signed, `http_ece` opens what is sealed for a browser.
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import crypto from "node:crypto";

const [folder, what, text] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const described = JSON.parse(text);

/** What Twilio sends to a status callback, signed by its own library. */
function twilio({ token, url, params }) {
  const sdk = require("twilio");
  const signature = sdk.getExpectedTwilioSignature(token, url, params);
  assert(sdk.validateRequest(token, signature, url, params));
  return { signature, body: new URLSearchParams(params).toString() };
}

/** What SendGrid sends to an event webhook: signed by node, found good by SendGrid's own verifier. */
function sendgrid({ now, events, key }) {
  const { EventWebhook } = require("@sendgrid/eventwebhook");
  const privateKey = key
    ? crypto.createPrivateKey({ key: Buffer.from(key, "base64"), format: "der", type: "pkcs8" })
    : crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
  const publicKey = crypto.createPublicKey(privateKey).export({ format: "der", type: "spki" }).toString("base64");
  const body = `${JSON.stringify(events)}\r\n`;
  const timestamp = String(now);
  const signature = crypto.sign("sha256", Buffer.from(timestamp + body), privateKey).toString("base64");
  const judge = new EventWebhook();
  assert(judge.verifySignature(judge.convertPublicKeyToECDSA(publicKey), body, signature, timestamp));
  const kept = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
  return { key: publicKey, private: kept, body, timestamp, signature };
}

/** A browser's keys. */
function browser() {
  const pair = crypto.createECDH("prime256v1");
  pair.generateKeys();
  return {
    p256dh: pair.getPublicKey("base64url"),
    auth: crypto.randomBytes(16).toString("base64url"),
    private: pair.getPrivateKey("base64url"),
  };
}

/** What a browser reads, when the sender is who the push service was told it is. */
function open({ browser: keys, body, authorization, audience, now }) {
  const [, jwt, point] = authorization.match(/^vapid t=([^,]+), k=(.+)$/);
  const [head, claims, signature] = jwt.split(".");
  const raw = Buffer.from(point, "base64url");
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: raw.subarray(1, 33).toString("base64url"),
    y: raw.subarray(33).toString("base64url"),
  };
  const key = { key: crypto.createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  assert(crypto.verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url")));
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, "base64url"));
  assert.equal(aud, audience);
  assert(exp > now && exp <= now + 24 * 3600 && sub.startsWith("mailto:"));
  const privateKey = crypto.createECDH("prime256v1");
  privateKey.setPrivateKey(Buffer.from(keys.private, "base64url"));
  const ece = require("http_ece");
  const opened = ece.decrypt(Buffer.from(body), { version: "aes128gcm", privateKey, authSecret: keys.auth });
  return JSON.parse(opened);
}

const judges = { twilio, sendgrid, browser, open };
process.stdout.write(JSON.stringify(judges[what](described)));
