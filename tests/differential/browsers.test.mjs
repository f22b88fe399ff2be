// The programs of compare.mjs in Chromium and Firefox, fewer and shorter ones.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { SESSIONS } from "../../benches/suite/harness/engines/browsers.mjs";
import { bytes, compare, inModule } from "./compare.mjs";

/** Runs in a browser's empty page. */
const IN_PAGE = `async (text, programs) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return (${inModule})(await WebAssembly.compile(bytes), programs);
}`;

for (const [name, open] of Object.entries(SESSIONS)) {
  describe(name, () => {
    let session;
    before(async () => {
      session = await open();
      assert.equal(session.missing, undefined);
    });
    after(() => session.close?.());
    compare((programs) => session.call(IN_PAGE, bytes.toString("base64"), programs), [4], 4);
  });
}
