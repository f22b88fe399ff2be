import tseslint from "typescript-eslint";
import lit from "eslint-plugin-lit";

// Who may import whom (see README.md): a lower layer never imports a higher one,
// nothing imports the entry point, and only modules.ts knows the wasm packages.
const layer = (files, forbidden) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          { group: ["**/main", "**/main.ts"], message: "Nothing imports the entry point." },
          ...forbidden.map((name) => ({
            group: [`**/${name}/*`, `**/${name}`],
            message: `This layer does not know ${name}.`,
          })),
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist", "dist-component", "src/wasm", "node_modules", "test-results", "playwright-report"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  lit.configs["flat/recommended"],
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js", "serve.mjs"] } } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // Indices are checked by noUncheckedIndexedAccess; `arr[i]!` states a bound that the loop holds.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
    },
  },
  layer(["src/wire/**"], ["model", "draw", "views", "text", "wasm", "lit"]),
  layer(["src/model/**"], ["formats", "draw", "views", "wasm"]),
  layer(["src/formats/**"], ["draw", "views", "text", "wasm", "lit"]),
  layer(["src/draw/**"], ["views", "wasm", "wire"]),
  layer(["src/views/**"], ["wasm", "wire"]),
  layer(["src/*.ts"], ["wire"]),
  { files: ["src/modules.ts"], rules: { "no-restricted-imports": "off" } },
  { files: ["eslint.config.js", "serve.mjs", "offline/worker.js"], ...tseslint.configs.disableTypeChecked },
  { files: ["serve.mjs"], rules: { "no-console": "off" } },
);
