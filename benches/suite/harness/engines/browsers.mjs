// Chromium and Firefox without a window, driven by Puppeteer: over the DevTools protocol the one, over WebDriver BiDi the other.
// For benchmarks the page does the work in a worker; see page/.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { delimiter, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** The folder with the npm packages of browser tests: set-up installs those of the page. */
const packages = createRequire(join(here, "../../../../www/package.json"));

// As in Node, no baseline compilers: the first run is as fast as the last.
const CHROMIUM = {
  name: "chromium",
  variable: "BONSAI_CHROMIUM",
  programs: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  options: {
    browser: "chrome",
    args: ["--no-sandbox", "--disable-gpu", "--disable-component-update", "--js-flags=--no-liftoff"],
  },
  engine: (version) => `Chromium ${version} (V8)`,
};

const FIREFOX = {
  name: "firefox",
  variable: "BONSAI_FIREFOX",
  programs: ["firefox", "firefox-esr"],
  options: { browser: "firefox", extraPrefsFirefox: { "javascript.options.wasm_baselinejit": false } },
  engine: (version) => `Firefox ${version} (SpiderMonkey)`,
};

export const chromium = () => start(CHROMIUM);
export const firefox = () => start(FIREFOX);

/** Opens a session of each browser, in an empty page, which can run modules. */
export const SESSIONS = Object.fromEntries([CHROMIUM, FIREFOX].map((browser) => [browser.name, () => open(browser)]));

/** Returns the program that a variable names, or the first of these that is on PATH. */
function find(variable, programs) {
  if (process.env[variable] && existsSync(process.env[variable])) return process.env[variable];
  const ending = process.platform === "win32" ? ".exe" : "";
  const folders = (process.env.PATH ?? "").split(delimiter);
  return programs.flatMap((program) => folders.map((folder) => join(folder, program + ending))).find((path) => existsSync(path));
}

/** Opens a session, or returns what is missing. */
async function open({ name, variable, programs, options }) {
  const executablePath = find(variable, programs);
  if (executablePath === undefined) return { missing: `no ${programs[0]} on PATH, and none named by ${variable}` };
  let puppeteer;
  try {
    puppeteer = packages("puppeteer-core");
  } catch {
    return { missing: "no puppeteer-core: `npm ci` in www installs it" };
  }
  // In milliseconds; the longest run is short beside this.
  const browser = await puppeteer.launch({ ...options, executablePath, headless: true, protocolTimeout: 1_800_000 });
  const page = await browser.newPage();
  const version = (await browser.version()).split("/").at(-1);
  return {
    name,
    version,
    visit: (url) => page.goto(url, { timeout: 120_000 }),
    /** Calls a function, given as source, with these arguments in the page, and returns its result. */
    call: (source, ...args) => page.evaluate(`(${source})(...${JSON.stringify(args)})`),
    close: () => browser.close(),
  };
}

async function start(browser) {
  const session = await open(browser);
  if (session.missing !== undefined) return session;
  const site = await serve(PAGE).catch(async (error) => {
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

/** The page, and the files that it shares with Node. */
const PAGE = { "/index.html": "page/index.html", "/worker.mjs": "page/worker.mjs", "/measure.mjs": "../measure.mjs" };

/** Serves files by their paths, and modules by their names: isolated, so that pages may share memory with workers. */
export async function serve(files) {
  const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
  const site = { modules: {} };
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const file = files[path] ? resolve(here, files[path]) : site.modules[path.match(/^\/module\/(.+)$/)?.[1]];
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES[extname(file)],
      // An isolated page has a clock of microseconds instead of a coarse one, too.
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
