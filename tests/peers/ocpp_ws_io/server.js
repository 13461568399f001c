// A CSMS on ocpp-ws-io in its strict mode, for `dergate bench … --peers`: ENVIRONMENT
// Its logger is off (in the lock another package stands in its place, one that does nothing), and so
// are its limits: all stations come from one address.
"use strict";

const { createRequire } = require("node:module");
const path = require("node:path");
const { attend, fanOut } = require("../bench_server.js");

const [environment] = process.argv.slice(2);
const { OCPPServer } = createRequire(path.join(environment, "package.json"))("ocpp-ws-io");

const clients = [];
let taken = 0;
const server = new OCPPServer({
  protocols: ["ocpp2.1"],
  strictMode: true,
  logging: false,
  pingIntervalMs: 3_600_000,
});
server.auth((context) => context.accept({ protocol: "ocpp2.1" }));
server.on("client", (client) => {
  client.handle("ocpp2.1", "MeterValues", () => {
    taken += 1;
    return {};
  });
  clients.push(client);
});

attend({
  clients,
  open: async () => (await server.listen(0, "127.0.0.1")).address().port,
  fanOut: () => fanOut(clients, (client, request) => client.call("ocpp2.1", "SetDERControl", request)),
  counts: () => ({ taken }),
});
