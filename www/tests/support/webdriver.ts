import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

/** Firefox without a window, driven as W3C WebDriver has it: Playwright can't drive a system's Firefox. */
export class Firefox {
  private constructor(
    private readonly driver: ChildProcess,
    private base: string,
  ) {}

  static async open(): Promise<Firefox> {
    const binary = find("BONSAI_FIREFOX", ["firefox", "firefox-esr"]);
    const port = await freePort();
    const driver = spawn(find("GECKODRIVER", ["geckodriver"]), ["--port", String(port)], { stdio: "ignore" });
    const firefox = new Firefox(driver, `http://127.0.0.1:${port}`);
    try {
      await firefox.ready();
      const capabilities = { alwaysMatch: { "moz:firefoxOptions": { binary, args: ["-headless"] } } };
      const { sessionId } = (await firefox.post("/session", { capabilities })) as { sessionId: string };
      firefox.base += `/session/${sessionId}`;
    } catch (error) {
      driver.kill();
      throw error;
    }
    return firefox;
  }

  async visit(url: string): Promise<void> {
    await this.post("/url", { url });
  }

  /** Runs a function's body in the page; what it returns is what this resolves to. */
  async run<T>(script: string, ...args: readonly unknown[]): Promise<T> {
    return (await this.post("/execute/sync", { script, args })) as T;
  }

  /** Presses a key where the focus is; `\uE0xx` are WebDriver's names of keys. */
  async press(key: string): Promise<void> {
    const actions = [{ type: "key", id: "keys", actions: [{ type: "keyDown", value: key }, { type: "keyUp", value: key }] }];
    await this.post("/actions", { actions });
  }

  async close(): Promise<void> {
    await fetch(this.base, { method: "DELETE" }).catch(() => undefined);
    this.driver.kill();
  }

  private async ready(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        const answer = (await (await fetch(`${this.base}/status`)).json()) as { value: { ready: boolean } };
        if (answer.value.ready) return;
      } catch (error) {
        if (tries > 300) throw error;
      }
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  private async post(path: string, body: object): Promise<unknown> {
    const response = await fetch(this.base + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } | null };
    if (!response.ok) throw new Error(`${value?.error ?? "error"}: ${value?.message ?? path}`);
    return value;
  }
}

/** A program that a variable names, or the first of these that is on PATH. */
function find(variable: string, programs: readonly string[]): string {
  const named = process.env[variable];
  if (named !== undefined) return named;
  for (const program of programs) {
    for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
      if (existsSync(join(folder, program))) return join(folder, program);
    }
  }
  throw new Error(`no ${programs.join(" or ")} on PATH, and none named by ${variable}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
