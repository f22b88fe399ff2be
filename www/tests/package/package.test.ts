import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type * as Headless from "../../component/headless";
import { buildPackage } from "../support/package";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Of bytes, by gzip at its best, libraries included. */
const MOST = 60_000;

describe("the npm package of <heap-inspector>", () => {
  let folder = "";
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  beforeAll(async () => {
    folder = await buildPackage();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A file of the package, and the files of the package that it loads at once. */
  const loaded = (name: string): string[] => [
    name,
    ...[...read(name).matchAll(/(?:^|[;}])import\s*[^"'()]*["']\.\/([^"']+)["']/gm)].flatMap(([, from]) => loaded(from!)),
  ];

  it("is under 60 KB gzipped, libraries included", () => {
    const bytes = [...new Set(loaded("heap-inspector.js"))].map((name) => gzipSync(read(name), { level: 9 }).length);
    expect(bytes.reduce((sum, one) => sum + one)).toBeLessThan(MOST);
  });

  it("finds heaps in Node, without a page", async () => {
    const { findHeaps, ALLOCATORS } = (await import(join(folder, "headless.js"))) as typeof Headless;
    expect(findHeaps(new WebAssembly.Memory({ initial: 2 }))).toEqual([]);
    expect(findHeaps(new SharedArrayBuffer(65536))).toEqual([]);
    expect(() => findHeaps({} as ArrayBuffer)).toThrow("takes a WebAssembly.Memory");
    expect(ALLOCATORS).toContain("dlmalloc");
  });

  it("has the files that its package.json names, and needs no other package", () => {
    const manifest = JSON.parse(read("package.json")) as { files: string[]; main: string; types: string; dependencies?: object };
    const scripts = readdirSync(folder).filter((file) => file.endsWith(".js"));
    expect([...manifest.files.filter((file) => file !== "*.js"), ...scripts, "package.json"].sort()).toEqual(readdirSync(folder).sort());
    expect(manifest.dependencies).toBeUndefined();
    for (const script of scripts) {
      expect(read(script)).not.toMatch(/(?:^|[;}])import\s*(?:[^"'()]*["'](?!\.\/|node:)|\(["'](?!\.\/))/m);
    }
  });

  it("measures nothing by the font size of somebody's root", () => {
    expect(read("heap-inspector.js")).not.toMatch(/\drem\b/);
  });

  it("carries nothing of the page", () => {
    expect(read("heap-inspector.js")).not.toMatch(/bonsai-page|sandbox-view|inspect-room/);
  });

  it("has types that a strict program compiles against, and that refuse what is wrong", () => {
    const lines = [
      "inspector.attach(instance.exports); inspector.refresh('parse'); inspector.interval = 500;",
      "inspector.attach({ memory: new WebAssembly.Memory({ initial: 1 }), descriptor: 1024 });",
      "inspector.refresh();",
      "inspector.attach(7);",
    ];
    const sources = new Map(
      lines.map((line, i) => [
        join(folder, `use${i}.ts`),
        `import { HeapInspector, type Moment } from "./heap-inspector.js";
        declare const instance: WebAssembly.Instance;
        const inspector = document.querySelector("heap-inspector") ?? new HeapInspector();
        ${line}
        const last: Moment | undefined = inspector.moments.at(-1);
        last?.live.toFixed();`,
      ]),
    );
    const options: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
      types: [],
    };
    const host = ts.createCompilerHost(options);
    const plain = ts.createCompilerHost(options);
    host.getSourceFile = (name, ...more) => {
      const source = sources.get(name);
      return source === undefined ? plain.getSourceFile(name, ...more) : ts.createSourceFile(name, source, ts.ScriptTarget.ES2022);
    };
    host.fileExists = (name) => sources.has(name) || plain.fileExists(name);
    const program = ts.createProgram([...sources.keys()], options, host);
    const wrong = [...sources.keys()].map((name) => program.getSemanticDiagnostics(program.getSourceFile(name)).length);
    expect(wrong).toEqual([0, 0, 1, 1]);
    const types = program.getSourceFile(join(folder, "heap-inspector.d.ts"));
    expect(types).toBeDefined();
    expect(program.getSemanticDiagnostics(types)).toEqual([]);
  });
});
