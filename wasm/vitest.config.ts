import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["wasm/guest/test/**/*.test.ts"],
    environment: "node",
    testTimeout: 60_000,
    globalSetup: ["wasm/guest/test/setup.ts"],
  },
});
