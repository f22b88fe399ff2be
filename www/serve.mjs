// Serves the page on this machine alone: `cargo xtask serve`. The arguments are the port to prefer, and `--check` to fetch
// the page and its scripts once and stop.
import { createServer } from "vite";

const [port, check] = process.argv.slice(2);
const server = await createServer({ server: { host: "127.0.0.1", port: Number(port) } });
await server.listen();
const address = new URL(server.resolvedUrls.local[0]);
console.log(`\nThe page: ${address}\n`);

if (check !== undefined) {
  const get = async (url) => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`GET ${url}: ${answer.status}`);
    return answer.text();
  };
  try {
    const page = await get(address);
    const scripts = [...page.matchAll(/<script[^>]*\ssrc="(\.?\/[^"]*)"/g)].map(([, source]) => new URL(source, address));
    if (scripts.length === 0) throw new Error(`the page at ${address} names no script:\n${page}`);
    for (const script of scripts) {
      const text = await get(script);
      if (text.trimStart().startsWith("<!")) throw new Error(`${script} is a page where a script should be`);
      console.log(`fetched ${script.pathname}: ${text.length} characters`);
    }
    console.log(`fetched the page: ${page.length} characters`);
  } finally {
    await server.close();
  }
}
