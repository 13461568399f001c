// Validates OCPP frames with the schemas of typed-ocpp. Each input line is
// {"version": "2.1", "call": [2, ...], "result": [3, ...] or absent}; it is answered by its errors and an end.
// It runs where its packages are: the working directory is the peer's environment.
"use strict";

const { createRequire } = require("node:module");
const path = require("node:path");
const readline = require("node:readline");
const { pathToFileURL } = require("node:url");

const packages = createRequire(path.join(process.cwd(), "package.json"));

function errorsOf(ocpp, { call, result }) {
  const checked = result ?? call;
  const before = JSON.stringify(checked);
  const validate = result === undefined ? ocpp.validateCall : ocpp.checkCallResult;
  if (!validate(checked, call)) {
    return validate.errors;
  }
  // The package deletes keys that its schema does not name, and finds nothing wrong with them.
  const after = JSON.stringify(checked);
  return after === before ? [] : [`keys that the schema does not know: kept only ${after}`];
}

// Loading a version compiles all of its schemas, so only those are loaded that are asked for.
async function load(version) {
  const [name, folder] = { "2.0.1": ["OCPP20", "ocpp20"], 2.1: ["OCPP21", "ocpp21"] }[version];
  const file = packages.resolve(`typed-ocpp/dist/${folder}/index.js`);
  return (await import(pathToFileURL(file)))[name];
}

async function main() {
  const versions = new Map();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const item = JSON.parse(line);
    if (!versions.has(item.version)) {
      versions.set(item.version, await load(item.version));
    }
    const errors = errorsOf(versions.get(item.version), item);
    console.log(JSON.stringify({ kind: "verdict", errors: errors.map(String) }));
    console.log(JSON.stringify({ kind: "end" }));
  }
}

main();
