// Judges of others: `standardwebhooks` verifies what we sent, and with `stripe` signs what we must verify.
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const [folder, described] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { Webhook } = require("standardwebhooks");
const loaded = require("stripe");
const Stripe = loaded.default ?? loaded;
const { body, headers, secrets } = JSON.parse(described);

for (const secret of secrets) {
  const told = new Webhook(secret).verify(body, headers);
  assert.equal(told.type, "appointment.checked_in.v1");
  assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
}
assert.throws(() => new Webhook(`whsec_${Buffer.alloc(32).toString("base64")}`).verify(body, headers));

const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
const now = new Date();
const message = JSON.stringify({ type: "order.settled" });
const standard = {
  id: "msg_outside",
  secret,
  body: message,
  headers: {
    "webhook-id": "msg_outside",
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign("msg_outside", now, message),
  },
};

const event = JSON.stringify({ id: "evt_outside", object: "event", type: "payment_intent.succeeded" });
const key = "whsec_test_of_stripe";
const stripe = {
  id: "evt_outside",
  secret: key,
  body: event,
  headers: {
    "stripe-signature": new Stripe("sk_test_x").webhooks.generateTestHeaderString({ payload: event, secret: key }),
  },
};
process.stdout.write(JSON.stringify({ standard, stripe }));
