// A station on ocpp-rpc: URL ID PASSWORD SUBPROTOCOL...
// It boots, reports its EVSE, holds what it is given and reports it back, all in the keys of the wire.
// Each input line is a call for it to make: {"action": ..., "payload": {...}}. It tells what it was
// asked and what it was answered. It runs where its packages are: the working directory is the
// peer's environment.
"use strict";

const { createRequire } = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

const packages = createRequire(path.join(process.cwd(), "package.json"));
const { RPCClient, createRPCError } = packages("ocpp-rpc");

const REPORT = [
  ["SmartChargingCtrlr", "RateUnit", "A,W"],
  ["DCDERCtrlr", "ModesSupported", "FixedPFInject,VoltVar,FreqDroop,Gradients"],
  ["DCDERCtrlr", "MaxW", "22000"],
  ["DCDERCtrlr", "MaxDischargeRateW", "20000.5"],
  ["V2XChargingCtrlr", "SupportedOperationModes", "ChargingOnly,CentralSetpoint"],
];
const SLOTS = { FixedPFInject: "fixedPFInject", FreqDroop: "freqDroop", Gradients: "gradient" };

const [url, identity, password, ...protocols] = process.argv.slice(2);
const client = new RPCClient({
  endpoint: url,
  identity,
  password,
  protocols,
  strictMode: false, // its schemas end with 2.0.1
  reconnect: false,
});
const profiles = new Map();
const controls = new Map();

function tell(kind, values) {
  console.log(JSON.stringify({ kind, ...values }));
}

async function make(action, payload) {
  try {
    tell("answer", { action, payload: await client.call(action, payload) });
  } catch (error) {
    tell("failed", { action, problem: error.rpcErrorCode ?? String(error) });
  }
}

// Answer first, then report: the gateway waits for both, in this order.
function afterwards(work) {
  setImmediate(() => work().catch((error) => tell("failed", { problem: String(error) })));
}

function handle(action, answer) {
  client.handle(action, ({ params }) => {
    tell("asked", { action, params });
    return answer(params);
  });
}

handle("GetBaseReport", ({ requestId }) => {
  afterwards(async () => {
    const reportData = REPORT.map(([component, variable, value]) => ({
      component: { name: component, evse: { id: 1 } },
      variable: { name: variable },
      variableAttribute: [{ value }],
    }));
    const generatedAt = new Date().toISOString();
    await make("NotifyReport", { requestId, generatedAt, seqNo: 0, reportData });
  });
  return { status: "Accepted" };
});

handle("SetChargingProfile", ({ evseId, chargingProfile }) => {
  profiles.set(chargingProfile.id, [evseId, chargingProfile]);
  return { status: "Accepted" };
});

handle("ClearChargingProfile", ({ chargingProfileId }) => ({
  status: profiles.delete(chargingProfileId) ? "Accepted" : "Unknown",
}));

handle("GetChargingProfiles", ({ requestId }) => {
  const held = [...profiles.values()];
  afterwards(async () => {
    for (const [index, [evseId, profile]] of held.entries()) {
      const part = { requestId, evseId, chargingLimitSource: "CSO", chargingProfile: [profile] };
      await make("ReportChargingProfiles", { ...part, tbc: index + 1 < held.length });
    }
  });
  return { status: held.length ? "Accepted" : "NoProfiles" };
});

handle("SetDERControl", (request) => {
  if (!REPORT[1][2].split(",").includes(request.controlType)) {
    return { status: "NotSupported" };
  }
  controls.set(request.controlId, request);
  return { status: "Accepted" };
});

handle("ClearDERControl", ({ controlId }) => ({
  status: controls.delete(controlId) ? "Accepted" : "NotFound",
}));

handle("GetDERControl", ({ requestId, isDefault }) => {
  const held = [...controls.values()].filter((request) => request.isDefault === isDefault);
  afterwards(async () => {
    for (const [index, request] of held.entries()) {
      await make("ReportDERControl", {
        requestId,
        tbc: index + 1 < held.length,
        ...reported(request),
      });
    }
  });
  return { status: held.length ? "Accepted" : "NotFound" };
});

client.handle(({ method }) => {
  tell("asked", { action: method });
  throw createRPCError("NotImplemented");
});

function reported(request) {
  const flags = { id: request.controlId, isDefault: request.isDefault, isSuperseded: false };
  if (request.curve !== undefined) {
    return { curve: [{ ...flags, curve: request.curve, curveType: request.controlType }] };
  }
  const slot = SLOTS[request.controlType];
  if (slot === "gradient") {
    return { gradient: [{ id: request.controlId, gradient: request.gradient }] };
  }
  return { [slot]: [{ ...flags, [slot === "fixedPFInject" ? "fixedPF" : slot]: request[slot] }] };
}

async function main() {
  try {
    await client.connect();
  } catch (error) {
    tell("refused", { status: error.code, problem: error.message });
    return;
  }
  tell("connected", { subprotocol: client.protocol });
  const chargingStation = { vendorName: "Foreign", model: "ocpp-rpc" };
  await make("BootNotification", { reason: "PowerUp", chargingStation });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { action, payload } = JSON.parse(line);
    await make(action, payload);
  }
  await client.close({ code: 1000, reason: "done" });
}

main();
