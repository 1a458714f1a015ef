// Takes pictures of the demo page: `node js/test/visual/shoot.mjs DIRECTORY`.  Light and dark as a plain
// page and with JupyterLab's own theme variables, wide and narrow.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { inlineStyles } from "../../build.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = process.argv[2] ?? "pictures";
const browser = process.env.CHROMIUM ?? "/usr/bin/chromium";
await mkdir(target, { recursive: true });

const { outputFiles } = await esbuild.build({
  entryPoints: [here("demo.ts")],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [inlineStyles],
});
const script = outputFiles[0].text;
const page = await readFile(here("demo.html"), "utf8");
const themes = process.env.JUPYTERLAB_THEMES;
const themed = async (name) => {
  const file = `${themes}/theme-${name}-extension/index.css`;
  if (!themes || !existsSync(file)) return null;
  const css = (await readFile(file, "utf8")).replace(/url\([^)]*\)/g, "none");
  return page
    .replace("<style>", `<style>${css}</style><style>body{background:var(--jp-layout-color0)!important}`)
    .replace("<body>", `<body data-jp-theme-light="${name === "light"}">`);
};

const pages = { "/plain": page, "/lab-light": await themed("light"), "/lab-dark": await themed("dark") };
const server = createServer((request, response) => {
  const path = request.url ?? "";
  if (path === "/demo.js") response.setHeader("content-type", "text/javascript").end(script);
  else if (pages[path]) response.setHeader("content-type", "text/html").end(pages[path]);
  else response.writeHead(404).end();
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const shots = [
  ["plain", 1000, 2300, "light"],
  ["plain", 1000, 2300, "dark"],
  ["plain", 420, 3600, "light"],
  ["lab-light", 1000, 2300, "light"],
  ["lab-dark", 1000, 2300, "light"],
];
const quiet = "--headless --no-sandbox --disable-gpu --hide-scrollbars --disable-quic --no-first-run";
const offline = "--disable-background-networking --disable-component-update --disable-sync";
for (const [name, width, height, scheme] of shots) {
  if (!pages[`/${name}`]) continue;
  const file = `${target}/${name}-${scheme}-${width}.png`;
  const { port } = server.address();
  const flags = [
    ...quiet.split(" "),
    ...offline.split(" "),
    ...(scheme === "dark" ? ["--blink-settings=preferredColorScheme=0"] : []),
    "--virtual-time-budget=4500",
    `--window-size=${width},${height}`,
    `--screenshot=${file}`,
    `http://127.0.0.1:${port}/${name}`,
  ];
  const child = spawn(browser, flags, { stdio: "ignore" });
  await new Promise((done) => child.on("exit", done));
  console.log(file);
}
server.close();
