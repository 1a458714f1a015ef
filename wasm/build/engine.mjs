// The engine: QuickJS-NG compiled to WebAssembly, from the npm package `quickjs-wasi`, pinned by its bytes.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

export const PACKAGE = "quickjs-wasi";
export const PACKAGE_VERSION = "3.6.2";
export const ENGINE_SHA256 = "d4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9";

/** Most pages of 64 KiB that a guest may ever have: 64 MiB. */
export const MAX_PAGES = 1024;

export function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}

/** The pinned engine's bytes; throws when the installed package is another one. */
export function pinnedEngine() {
  const file = require.resolve(`${PACKAGE}/quickjs.wasm`);
  const { version } = JSON.parse(readFileSync(join(dirname(file), "package.json"), "utf8"));
  const bytes = readFileSync(file);
  const digest = sha256(bytes);
  if (version !== PACKAGE_VERSION || digest !== ENGINE_SHA256) {
    throw new Error(
      `the engine is pinned to ${PACKAGE} ${PACKAGE_VERSION} (sha256 ${ENGINE_SHA256}), but ${version} (sha256 ${digest}) is installed; run \`npm ci\``,
    );
  }
  return { package: PACKAGE, version, sha256: digest, bytes };
}
