// Chromium and Firefox without a window, driven as W3C WebDriver has it: a driver program that
// speaks JSON over HTTP. For benchmarks the page does the work in a worker; see page/.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

// As in Node, no baseline compilers: the first run is as fast as the last.

const here = dirname(fileURLToPath(import.meta.url));

const CHROMIUM = {
  name: "chromium",
  variables: ["BONSAI_CHROMIUM", "CHROMEDRIVER"],
  programs: [["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"], ["chromedriver"]],
  flag: (port) => [`--port=${port}`],
  capabilities: (binary) => ({
    "goog:chromeOptions": {
      binary,
      args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--js-flags=--no-liftoff"],
    },
  }),
  engine: (version) => `Chromium ${version} (V8)`,
};

const FIREFOX = {
  name: "firefox",
  variables: ["BONSAI_FIREFOX", "GECKODRIVER"],
  programs: [["firefox", "firefox-esr"], ["geckodriver"]],
  flag: (port) => ["--port", String(port)],
  capabilities: (binary) => ({
    "moz:firefoxOptions": { binary, args: ["-headless"], prefs: { "javascript.options.wasm_baselinejit": false } },
  }),
  engine: (version) => `Firefox ${version} (SpiderMonkey)`,
};

export const chromium = () => start(CHROMIUM);
export const firefox = () => start(FIREFOX);

/** A program that a variable names, or the first of these that is on PATH. */
function find(variable, programs) {
  if (process.env[variable] && existsSync(process.env[variable])) return process.env[variable];
  const ending = process.platform === "win32" ? ".exe" : "";
  for (const program of programs) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      const path = join(folder, program + ending);
      if (existsSync(path)) return path;
    }
  }
  return undefined;
}

/** The sessions of both, for who needs no page: an empty one can run modules. */
export const SESSIONS = Object.fromEntries([CHROMIUM, FIREFOX].map((browser) => [browser.name, () => open(browser)]));

/** A session; or what is missing. */
async function open(browser) {
  const [binary, driver] = browser.variables.map((variable, at) => find(variable, browser.programs[at]));
  if (binary === undefined || driver === undefined) {
    const missing = binary === undefined ? 0 : 1;
    return { missing: `no ${browser.programs[missing][0]} on PATH, and none named by ${browser.variables[missing]}` };
  }
  return Session.open(driver, browser, binary);
}

async function start(browser) {
  const session = await open(browser);
  if (session.missing !== undefined) return session;
  const site = await serve().catch(async (error) => {
    await session.close();
    throw error;
  });
  const call = (message) => session.call("(message) => ask(message)", message);
  return {
    name: browser.name,
    version: browser.engine(session.version),
    clock: "wall clock",
    load: async (modules) => {
      site.modules = modules;
      await session.visit(`http://localhost:${site.port}/index.html`);
      await call({ load: Object.keys(modules) });
    },
    // A worker for each shape: what its instances held goes with it.
    renew: () => call({ renew: true }),
    run: (jobs) => call({ jobs }),
    stop: async () => {
      await session.close();
      site.close();
    },
  };
}

/** Serves the page, the files that it shares with Node, and the modules. */
async function serve() {
  const FILES = { "/index.html": "page/index.html", "/worker.mjs": "page/worker.mjs", "/measure.mjs": "../measure.mjs" };
  const TYPES = { ".html": "text/html", ".mjs": "text/javascript", ".wasm": "application/wasm" };
  const site = { modules: {} };
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const file = FILES[path] ? join(here, FILES[path]) : site.modules[path.match(/^\/module\/(.+)$/)?.[1]];
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES[extname(file)],
      // An isolated page has a clock of microseconds instead of a coarse one.
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    response.end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  site.port = server.address().port;
  site.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return site;
}

/** A session of a driver that runs for it alone. */
class Session {
  static async open(driver, browser, binary) {
    const port = await freePort();
    const child = spawn(driver, browser.flag(port), { stdio: "ignore" });
    const session = new Session();
    Object.assign(session, { name: browser.name, child, base: `http://127.0.0.1:${port}` });
    try {
      await session.ready();
      const capabilities = { alwaysMatch: browser.capabilities(binary) };
      const { sessionId, capabilities: got } = await session.post("/session", { capabilities });
      session.base += `/session/${sessionId}`;
      session.version = got.browserVersion;
      // The longest run is short beside this.
      await session.post("/timeouts", { script: 1_800_000, pageLoad: 120_000 });
    } catch (error) {
      child.kill();
      throw error;
    }
    return session;
  }

  async ready() {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (this.child.exitCode !== null) throw new Error("the driver ended at once");
      const status = await fetch(`${this.base}/status`).then((answer) => answer.json(), () => undefined);
      if (status?.value?.ready) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error("the driver does not answer");
  }

  async post(path, body) {
    const answer = await fetch(this.base + path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }

  visit(url) {
    return this.post("/url", { url });
  }

  /** What a function, given as source, makes of these arguments in the page. */
  async call(source, ...args) {
    const script = `const args = [...arguments]; const done = args.pop();
      new Promise((resolve) => resolve((${source})(...args))).then(done, (error) => done({ failed: String(error) }));`;
    const answer = await this.post("/execute/async", { script, args });
    if (answer?.failed !== undefined) throw new Error(`${this.name}: ${answer.failed}`);
    return answer;
  }

  async close() {
    await fetch(this.base, { method: "DELETE" }).catch(() => undefined);
    this.child.kill();
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
