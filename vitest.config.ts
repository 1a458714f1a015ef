import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["js/test/**/*.test.{ts,tsx}"],
    environment: "jsdom",
    testTimeout: 60_000,
    setupFiles: ["js/test/setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
