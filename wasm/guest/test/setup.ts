// Tests run the guest as it ships: built from the present sources first.

import { execFileSync } from "node:child_process";

export default function setup(): void {
  execFileSync(process.execPath, [new URL("../../build.mjs", import.meta.url).pathname], {
    stdio: "inherit",
  });
}
