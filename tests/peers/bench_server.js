// What a foreign server says to `dergate bench`: a JSON line for each line of words.
// A server is {clients, open, fanOut, counts}.
"use strict";

const readline = require("node:readline");

const CURVE = {
  priority: 1,
  curveData: [
    { x: 92, y: 44 },
    { x: 98, y: 0 },
    { x: 102, y: 0 },
    { x: 108, y: -44 },
  ],
  yUnit: "PctMaxVar",
  responseTime: 5,
  startTime: "2026-12-01T18:00:00Z",
  duration: 3600,
};
const NAME = "a2e2b5f6-94b8-5c64-a9be-0f42e0a3c1d7";
const CHUNK = 200;

function tell(values) {
  console.log(JSON.stringify(values));
}

// The same request as the other rivals send, each with an id of its own.
function request(number) {
  const controlId = NAME.slice(0, -6) + String(number % 1e6).padStart(6, "0");
  return { isDefault: false, controlId, controlType: "VoltVar", curve: CURVE };
}

// Call all, a chunk at a time; return how many accepted. A call that fails is none of them.
async function fanOut(clients, call) {
  let done = 0;
  for (let first = 0; first < clients.length; first += CHUNK) {
    const chunk = clients.slice(first, first + CHUNK);
    const calls = chunk.map((client, at) => call(client, request(first + at)));
    const answers = await Promise.all(calls.map((one) => one.catch(() => ({ status: "failed" }))));
    done += answers.filter((answer) => answer.status === "Accepted").length;
  }
  return { done };
}

function cpuNs() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

async function attend(server) {
  tell({ port: await server.open() });
  let begin = 0;
  let wall = 0n;
  const clock = () => {
    begin = cpuNs();
    wall = process.hrtime.bigint();
  };
  const spent = () => ({
    cpu_ns: cpuNs() - begin,
    wall_ns: Number(process.hrtime.bigint() - wall),
  });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [word, count] = line.split(" ");
    if (word === "wait") {
      while (server.clients.length < Number(count)) await new Promise((go) => setTimeout(go, 5));
      tell({ connected: Number(count) });
    } else if (word === "fan") {
      clock();
      const told = await server.fanOut();
      tell({ ...spent(), ...told });
    } else if (word === "begin") {
      clock();
      tell(server.counts());
    } else if (word === "end") {
      tell({ ...spent(), ...server.counts() });
    } else {
      throw new Error(`a foreign server does not know ${line}`);
    }
  }
}

module.exports = { attend, fanOut, tell };
