/**
 * The `style` and `class` of a panel document, made harmless: a fixed list of properties, values that
 * can neither load anything nor reach out of the panel, and class names that no style sheet or script
 * of the page knows.
 */
import type { CSSProperties } from "react";
import { styleProperties } from "../generated/catalog";

const PROPERTIES = new Set(styleProperties);
const MAX_STYLE = 4_000;
const MAX_CLASSES = 20;
/** What a value may consist of: no quotes, colons, slashes, backslashes, at-signs, braces or semicolons. */
const PLAIN = /^[-\w\s.,%#()+*]{1,200}$/;
const FUNCTIONS = new Set([
  "calc",
  "clamp",
  "color-mix",
  "hsl",
  "hsla",
  "hwb",
  "lab",
  "lch",
  "light-dark",
  "max",
  "min",
  "oklab",
  "oklch",
  "rgb",
  "rgba",
]);

function isHarmless(value: string): boolean {
  if (!PLAIN.test(value)) return false;
  for (const match of value.matchAll(/([-\w]*)\s*\(/g)) {
    if (match[1] && !FUNCTIONS.has(match[1].toLowerCase())) return false;
  }
  return true;
}

/** The declarations of `text` that are allowed; all others are dropped. */
export function readStyle(text: string | undefined): CSSProperties | undefined {
  if (!text || text.length > MAX_STYLE) return undefined;
  const style: { [name: string]: string } = {};
  for (const declaration of text.split(";")) {
    const colon = declaration.indexOf(":");
    if (colon < 0) continue;
    const property = declaration.slice(0, colon).trim().toLowerCase();
    const value = declaration.slice(colon + 1).trim();
    if (!PROPERTIES.has(property) || !isHarmless(value)) continue;
    style[property.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())] = value;
  }
  return Object.keys(style).length > 0 ? style : undefined;
}

/** Class names as the page gets them: `big` becomes `nxu-big`, so that none means anything to the page. */
export function readClasses(text: string | undefined): string {
  if (!text) return "";
  return text
    .slice(0, 2_000)
    .split(/\s+/)
    .filter((name) => /^[A-Za-z_][-\w]{0,63}$/.test(name))
    .slice(0, MAX_CLASSES)
    .map((name) => `nxu-${name}`)
    .join(" ");
}
