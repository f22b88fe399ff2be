// The C programs: which sources make each of them, and with which flags.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const own = (file) => join(here, "programs", file);

/** Returns the folders of the crates that bundle the sources, by the crate's name. */
function crates() {
  const manifest = join(here, "Cargo.toml");
  const output = execFileSync(
    "cargo",
    ["metadata", "--format-version", "1", "--locked", "--manifest-path", manifest],
    { maxBuffer: 1 << 28 },
  );
  const folders = JSON.parse(output).packages.map((p) => [p.name, dirname(p.manifest_path)]);
  return Object.fromEntries(folders);
}

/** Lists the C files of a folder, without those named. */
function sources(folder, without) {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".c") && !without.includes(file.slice(0, -2)))
    .map((file) => join(folder, file));
}

/** Loops that allocate and do nothing else, in programs/recipes.c. */
const RECIPES = ["larson", "alloctest", "simple", "cfrac", "espresso", "trees"];

/** Returns each program as `{ name, version, files, flags }`; recipes have `recipe: true`. */
export function programs() {
  const folder = crates();
  const lua = join(folder["lua-src"], "lua-5.4.9");
  const sqlite = join(folder["libsqlite3-sys"], "sqlite3");
  const quickjs = join(folder["rquickjs-sys"], "quickjs");
  const systems = ["lua", "luac", "onelua", "ltests", "loslib", "loadlib", "linit"];
  const unused = ["liolib", "ldblib", "lcorolib", "lutf8lib"];
  return [
    {
      name: "lua",
      version: "Lua 5.4.9",
      files: [own("lua.c"), ...sources(lua, [...systems, ...unused])],
      flags: [`-I${lua}`, `-I${own("without-setjmp")}`, "-include", own("without-setjmp/lua-config.h")],
    },
    {
      name: "sqlite",
      version: "SQLite",
      files: [own("sqlite.c"), join(sqlite, "sqlite3.c"), join(sqlite, "wasm32-wasi-vfs.c")],
      flags: [
        `-I${sqlite}`,
        ...["THREADSAFE=0", "OMIT_LOAD_EXTENSION", "OS_OTHER=1", "TEMP_STORE=3", "OMIT_WAL"].map(
          (option) => `-DSQLITE_${option}`,
        ),
        "-DLONGDOUBLE_TYPE=double",
      ],
    },
    {
      name: "quickjs",
      version: "QuickJS",
      files: [
        own("quickjs.c"),
        ...["dtoa", "libregexp", "libunicode", "quickjs"].map((f) => join(quickjs, `${f}.c`)),
      ],
      flags: [`-I${quickjs}`, "-D_GNU_SOURCE", "-DEMSCRIPTEN"],
    },
    ...RECIPES.map((name) => ({
      name,
      version: `recipe: ${name}`,
      files: [own("recipes.c")],
      flags: [`-DRECIPE=${name}`],
      recipe: true,
    })),
  ];
}
