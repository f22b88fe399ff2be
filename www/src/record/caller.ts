/** A place in a script, at the end of a line of a stack: V8's and Firefox's ways of writing it. */
const PLACE = /(?:\(|@|at )((?:[a-z][\w+.-]*:|\/)\S+?):\d+:\d+\)?$/;

/** Returns the address of the script that called into the script this code is in; "" where the engine does not tell. */
export function callerScript(): string {
  const scripts = (new Error().stack ?? "").split("\n").flatMap((line) => PLACE.exec(line)?.[1] ?? []);
  return scripts.find((script) => script !== scripts[0]) ?? "";
}

/** Returns the last part of an address, for people. */
export const fileName = (address: string): string => /([^/?#]+)\/?(?:[?#].*)?$/.exec(address)?.[1] ?? address;
