// The stock client: by polling and its upgrade, and by WebSocket alone. Prints what the test waits for, and "ok".
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const [folder, described] = process.argv.slice(2);
const { io } = createRequire(`${folder}/`)("socket.io-client");
const { url, own, other } = JSON.parse(described);

const once = (socket, name) => new Promise((done) => socket.once(name, done));
const open = (options) => io(url, { reconnection: false, forceNew: true, ...options });

// Refused: nobody, a token that is not good, a cookie from another page.
for (const [options, message] of [
  [{}, "unauthenticated"],
  [{ auth: { token: "nobody" } }, "unauthenticated"],
]) {
  const socket = open(options);
  const error = await once(socket, "connect_error");
  assert.equal(error.message, message);
  socket.close();
}
const foreign = open({ extraHeaders: { cookie: "session=ann", origin: "https://evil.example.org" } });
await once(foreign, "connect_error");
foreign.close();

// By polling, upgraded; a patient, whose rooms are the own alone.
const ann = open({ auth: { token: "ann" } });
const ready = await once(ann, "ready");
assert.deepEqual(ready, { user: "ann", rooms: ["user/ann"] });
if (ann.io.engine.transport.name !== "websocket") await once(ann.io.engine, "upgrade");
assert.equal(ann.io.engine.transport.name, "websocket");
for (const room of ["organisation", `patient/${other}`, "nonsense"]) {
  const answer = await ann.emitWithAck("subscribe", { room });
  assert.equal(answer.ok, false, room);
}
assert.deepEqual(await ann.emitWithAck("subscribe", { room: `patient/${own}` }), { ok: true, room: `patient/${own}` });

// By WebSocket alone, with the session cookie of an own page.
const doctor = open({
  transports: ["websocket"],
  extraHeaders: { cookie: "session=doctor", origin: "https://ehr.example.org" },
});
await once(doctor, "ready");
for (const id of [own, other]) {
  const answer = await doctor.emitWithAck("subscribe", { room: `patient/${id}` });
  assert.equal(answer.ok, true);
}
const heard = [];
const enough = new Promise((done) =>
  doctor.on("event", (event) => {
    if (event.type === "patient.registered.v1" && heard.push(event.patient) === 2) done();
  }),
);
const first = once(ann, "event");
console.log("listening");
const event = await first;
assert.equal(event.patient, own);
assert.deepEqual(event.subject.type, "Patient");
assert.deepEqual(event.rooms, ["organisation", `patient/${own}`]);
await enough;
assert.deepEqual(heard, [other, own]);

// A session that ends is told, and the connection closed.
const ends = [ann, doctor].map((socket) => Promise.all([once(socket, "ended"), once(socket, "disconnect")]));
console.log("heard");
for (const [ended, reason] of await Promise.all(ends)) {
  assert.deepEqual(ended, { reason: "session-ended" });
  assert.equal(reason, "io server disconnect");
}
console.log("ok");
process.exit(0);
