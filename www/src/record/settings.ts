import { constants } from "node:os";

/** The environment variables that the entry for Node reads. A value that is wrong is told, and the default taken. */

const ignored = (name: string, why: string): void => {
  process.stderr.write(`${name}=${process.env[name] ?? ""} is left out of account: ${why}\n`);
};

/** Returns a number of bytes. */
export function bytesFrom(name: string, otherwise: number): number {
  const text = process.env[name] ?? "";
  if (text === "") return otherwise;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  ignored(name, `it is to be a number of bytes, 0 or more. ${otherwise} is taken.`);
  return otherwise;
}

/** Returns true but for 0. */
export function switchFrom(name: string): boolean {
  const text = process.env[name] ?? "";
  if (!["", "0", "1"].includes(text)) ignored(name, "it is to be 0 or 1. 1 is taken.");
  return text !== "0";
}

/** Signals that no program can listen to. */
const DEAF = ["SIGKILL", "SIGSTOP"];

/** Returns the name of a signal; "" for none. */
export function signalFrom(name: string, otherwise: NodeJS.Signals): NodeJS.Signals | "" {
  const text = process.env[name];
  if (text === undefined) return otherwise;
  if (text === "" || (text in constants.signals && !DEAF.includes(text))) return text as NodeJS.Signals | "";
  ignored(name, `it is to be the name of a signal that a program can listen to, or empty. ${otherwise} is taken.`);
  return otherwise;
}
