import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemblyScript, resvgParser, sqlDatabase } from "../support/foreign";
import { inWasm, type Load } from "./record-cost";

/** The programs that the cost of recording is measured on: each loads a fresh instance, and returns what runs it once. */

const SOURCE = `
#include <stdlib.h>
static unsigned seed = 1;
static unsigned next(void) { seed = seed * 1664525u + 1013904223u; return seed >> 8; }

static void *slots[1024];
void churn(int count) {
  for (int i = 0; i < count; i++) {
    unsigned k = next() & 1023;
    free(slots[k]);
    int *block = malloc(8 + next() % 500);
    *block = i;
    slots[k] = block;
  }
}

struct node { struct node *next, *child; char text[]; };
static struct node *parse(int depth) {
  struct node *first = 0;
  for (int i = 0; i < 4; i++) {
    int length = next() % 40;
    struct node *node = malloc(sizeof *node + length + 1);
    for (int k = 0; k < length; k++) node->text[k] = 'a' + k % 26;
    node->text[length] = 0;
    node->child = depth ? parse(depth - 1) : 0;
    node->next = first;
    first = node;
  }
  return first;
}
static int drop(struct node *node) {
  int sum = 0;
  while (node) {
    struct node *next = node->next;
    for (char *c = node->text; *c; c++) sum += *c;
    sum += drop(node->child);
    free(node);
    node = next;
  }
  return sum;
}
int trees(int count) { int sum = 0; for (int i = 0; i < count; i++) sum += drop(parse(5)); return sum; }`;

/** Compiles the programs in C, for wasi-libc's dlmalloc; null where there is no clang for it. */
function compiled(): Uint8Array<ArrayBuffer> | null {
  const folder = mkdtempSync(join(tmpdir(), "record-programs-"));
  try {
    writeFileSync(join(folder, "programs.c"), SOURCE);
    const options = ["--target=wasm32-wasi", "-O2", "-mexec-model=reactor", "-Wl,--export=churn", "-Wl,--export=trees", "programs.c", "-o", "programs.wasm"];
    execFileSync("clang", options, { cwd: folder, stdio: "ignore" });
    return new Uint8Array(readFileSync(join(folder, "programs.wasm")));
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A module that needs nothing of its host: its bytes, and a function of it with the number that it is called with. */
export interface Plain {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly call: string;
  readonly count: number;
}

/** The programs that run in every engine. */
export function plain(): Readonly<Record<string, Plain>> {
  const c = compiled();
  return {
    ...(c === null
      ? {}
      : {
          "C: malloc and free, nothing else": { bytes: c, call: "churn", count: 200_000 },
          "C: trees with texts, built and dropped": { bytes: c, call: "trees", count: 40 },
        }),
    "AssemblyScript: objects and strings": { bytes: assemblyScript("-O3"), call: "run", count: 60_000 },
  };
}

/** Those, and packages by their own glue in Node. */
export function programs(): Readonly<Record<string, Load>> {
  return {
    ...Object.fromEntries(Object.entries(plain()).map(([name, { bytes, call, count }]) => [name, inWasm(bytes, call, count)])),
    "@resvg/resvg-wasm: a drawing of 600 groups is parsed": resvgParser,
    "sql.js: a thousand rows": async () => {
      const database = await sqlDatabase();
      database.run("create table t(a, b)");
      return () => {
        database.run("delete from t");
        for (let i = 0; i < 1000; i++) database.run(`insert into t values(${i}, '${"x".repeat(i % 100)}')`);
      };
    },
  };
}
