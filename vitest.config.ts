import { defineConfig } from "vitest/config";
import { guestAddress, scriptText } from "./js/build.mjs";

export default defineConfig({
  define: { NEXUS_GUEST_ADDRESS: JSON.stringify(await guestAddress()) },
  plugins: [
    {
      name: "inline-scripts",
      enforce: "pre",
      async load(id) {
        if (!id.endsWith(".ts?script")) return null;
        return `export default ${JSON.stringify(await scriptText(id.replace("?script", "")))}`;
      },
    },
  ],
  test: {
    include: ["js/test/**/*.test.{ts,tsx}"],
    environment: "jsdom",
    testTimeout: 60_000,
    setupFiles: ["js/test/setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
