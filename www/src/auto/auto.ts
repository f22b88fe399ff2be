import { find } from "../model/inspectable";
import { Replacements } from "../record/replace";
import { SpillingTrace } from "../record/spilling-trace";
import { text } from "../text/auto";
import { rebase } from "./base";
import { Dock, type Panel, type PanelOptions } from "./dock";
import { existing } from "./existing";
import { HELLO, type Hello } from "./messages";
import { Modules } from "./realm";
import { Roster } from "./roster";
import { Server } from "./serve";
import { bootOf, watchWorkers } from "./workers";

/**
 * The script tag: `<script src="auto.js"></script>`. It notes which modules a page and its workers instantiate, and shows a button.
 * Nothing is decoded before the button is pressed, and no module is rewritten before a recording is asked for.
 */

/** The text of this script where it is one file for all; the build writes it. */
declare const BONSAI_SELF: string | undefined;

/** Bytes from one sample of call sites to the next, where nobody says another number. */
const RATE = 16_384;
const NAME = "bonsaiHeapInspector";
/** The parameter of the page's address that opens the panel; `record` as its value records, too. */
const PARAMETER = "heap-inspector";

/** The things that a page's programmer calls, in the console. */
interface Control {
  open(): void;
  close(): void;
  /** Leaves the page as it was. */
  remove(): void;
  /** Takes a memory in that nobody saw: of a module from before, or of another frame. */
  attach(from: WebAssembly.Exports | { readonly memory: WebAssembly.Memory }, name?: string): void;
}

const realm = globalThis as typeof globalThis & { [NAME]?: Control | true };

if (realm[NAME] === undefined) {
  if (typeof document === "undefined") inWorker();
  else inPage(document.currentScript as HTMLScriptElement | null);
} else if (realm[NAME] !== true) realm[NAME].open();

function inPage(tag: HTMLScriptElement | null): void {
  const asked = new URLSearchParams(location.search).get(PARAMETER);
  const { record: given, open, workers } = tag?.dataset ?? {};
  const rate = given === undefined && asked !== "record" ? -1 : Number(given ?? "") || RATE;
  const roster = new Roster(rate);
  const modules = new Modules(WebAssembly, rate, (module) => { roster.own(module); }, () => new SpillingTrace());
  const replaced = new Replacements();
  let self = tag?.src ?? "";
  let blocked = false;
  watchWorkers(realm, replaced, {
    self: () => (self === "" ? (self = URL.createObjectURL(new Blob([BONSAI_SELF ?? ""], { type: "text/javascript" }))) : self),
    rate: () => modules.rate,
    boot: () => workers !== "off" && !blocked,
    onWorker: (script, name, port) => { roster.worker(script, name, port); },
  });
  const onViolation = ({ blockedURI, effectiveDirective }: SecurityPolicyViolationEvent): void => {
    if (!blockedURI.startsWith("blob") || !/^(?:worker|child|script)-src/.test(effectiveDirective) || blocked) return;
    blocked = true;
    roster.warn(text.panel.blocked);
  };
  addEventListener("securitypolicyviolation", onViolation);

  const remove = (): void => {
    watcher?.disconnect();
    removeEventListener("securitypolicyviolation", onViolation);
    dock.end();
    modules.end();
    replaced.end();
    roster.end();
    Reflect.deleteProperty(realm, NAME);
  };
  const opening = (): void => {
    for (const { memory, descriptor, name } of existing(window)) modules.add(memory, name, descriptor);
  };
  const record = (): void => {
    modules.rate = RATE;
    roster.record(RATE);
  };
  const dock = new Dock({ roster, remove, opening, record, reload: tag === null ? null : reload }, panel);
  // Without its tag, nothing of it stays.
  const watcher = tag === null ? null : new MutationObserver(() => { if (!tag.isConnected) remove(); });
  if (tag?.parentNode != null) watcher?.observe(tag.parentNode, { childList: true });
  const control: Control = {
    open: () => { void dock.open(); },
    close: () => { dock.close(); },
    remove,
    attach(from, name = "") {
      const found = find(from);
      if (found.is === "no-memory") throw new TypeError(text.noMemory);
      modules.add(found.memory, name, found.is === "heap" ? found.descriptor : null);
      control.open();
    },
  };
  Object.defineProperty(realm, NAME, { configurable: true, value: control });
  if (open !== undefined || asked !== null || rate >= 0 || tag === null) control.open();
}

function inWorker(): void {
  const scope = globalThis as unknown as { readonly name: string; readonly location: Location; postMessage(message: Hello, transfer?: Transferable[]): void };
  // Shared workers and worklets have no page that could be told.
  if (typeof scope.postMessage !== "function") return;
  const boot = bootOf(scope.location);
  const replaced = new Replacements();
  if (boot !== null) rebase(realm, replaced, boot.script);
  const { port1, port2 } = new MessageChannel();
  const modules = new Modules(WebAssembly, boot?.rate ?? -1, (module) => { server.announce(module); });
  const remove = (): void => {
    modules.end();
    replaced.end();
    Reflect.deleteProperty(realm, NAME);
  };
  const server = new Server(port1, modules, () => import("./looks"), remove);
  watchWorkers(realm, replaced, {
    self: () => boot?.self ?? "",
    rate: () => modules.rate,
    boot: () => boot !== null,
    onWorker: (script, name, port) => { server.pass(script, name, port); },
  });
  Object.defineProperty(realm, NAME, { configurable: true, value: true });
  scope.postMessage({ [HELLO]: scope.location.href }, [port2]);
  // By then a worker that was started from a blob has loaded its own script.
  if (boot !== null) setTimeout(() => { scope.postMessage({ [HELLO]: "" }); });
}

/** Loads the page again, at an address that has its modules recorded from the first. */
function reload(): void {
  const address = new URL(location.href);
  address.searchParams.set(PARAMETER, "record");
  if (address.href === location.href) location.reload();
  else location.assign(address);
}

async function panel(): Promise<(options: PanelOptions) => Panel> {
  return (await import("./panel")).makePanel;
}
