// Sends two messages with the npm package node-hl7-client and prints the answers' MSA segments.
// Arguments: the folder in which the package is installed, the port.
import { createRequire } from "node:module";
import path from "node:path";

const [folder, port] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(folder), "index.js"));
const { Client, HL7_2_5 } = require("node-hl7-client");

const message = (id) =>
  new HL7_2_5()
    .buildMSH({
      msh_3: "NODE", msh_4: "CLIENT", msh_5: "EHR", msh_6: "CLINIC",
      msh_9_1: "ADT", msh_9_2: "A01", msh_10: id, msh_11_1: "P",
    })
    .buildEVN({ evn_1: "A01" })
    .buildPID({ pid_3: "4711", pid_5: "DOE^JANE" })
    .toMessage();

setTimeout(() => process.exit(1), 20000);
const waiting = ["NODE-1", "NODE-2"];
const client = new Client({ host: "127.0.0.1", version: "2.5" });
const connection = client.createConnection({ port: Number(port) }, async (answer) => {
  const segments = answer.getMessage().toString().split("\r");
  console.log(segments.find((segment) => segment.startsWith("MSA")));
  // Only the next turn of the event loop knows that this answer was taken.
  setTimeout(next, 0);
});

function next() {
  const id = waiting.shift();
  if (id === undefined) process.exit(0);
  connection.sendMessage(message(id));
}
next();
