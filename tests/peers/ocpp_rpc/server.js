// A CSMS on ocpp-rpc in its strict mode, for `dergate bench … --peers`: ENVIRONMENT SCHEMAS
// The schemas of 2.1 that it ships are named as it does not look them up: every call throws. So it is
// given the official ones under the names that it asks for.
"use strict";

const { readdirSync, readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const { attend, fanOut } = require("../bench_server.js");

const [environment, schemas] = process.argv.slice(2);
const { RPCServer, createValidator } = createRequire(path.join(environment, "package.json"))("ocpp-rpc");

function renamed(file) {
  const text = readFileSync(path.join(schemas, file), "utf8").replace(/^\uFEFF/, "");
  const name = path.basename(file, ".json");
  const kind = name.endsWith("Response") ? "conf" : "req";
  const schema = { ...JSON.parse(text), $id: `urn:${name.replace(/(Request|Response)$/, "")}.${kind}` };
  delete schema.$schema; // of a draft that its validator does not know by that name
  return schema;
}

console.warn = () => {}; // what its validator notes of the official schemas, message by message
const files = readdirSync(schemas).filter((file) => file.endsWith(".json"));
const clients = [];
let taken = 0;
const server = new RPCServer({
  protocols: ["ocpp2.1"],
  strictMode: true,
  strictModeValidators: [createValidator("ocpp2.1", files.map(renamed))],
  pingIntervalMs: 3_600_000,
});
server.auth((accept) => accept({}, "ocpp2.1"));
server.on("client", (client) => {
  client.handle("MeterValues", () => {
    taken += 1;
    return {};
  });
  clients.push(client);
});

attend({
  clients,
  open: async () => (await server.listen(0, "127.0.0.1")).address().port,
  fanOut: () => fanOut(clients, (client, request) => client.call("SetDERControl", request)),
  counts: () => ({ taken }),
});
