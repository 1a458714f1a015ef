import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["wasm/guest/test/**/*.test.ts"],
    environment: "node",
    // the full run's generated cases are many
    testTimeout: process.env.NEXUS_FULL === "1" ? 3_600_000 : 60_000,
    globalSetup: ["wasm/guest/test/setup.ts"],
  },
});
