import { createContext } from "react";

/** The prefix of every id that a panel puts into the page: no two panels, and nothing of the page, share one. */
export const NamesContext = createContext("nx0");

let panels = 0;

export function makeNames(): string {
  panels += 1;
  return `nx${panels}-`;
}

/** The id in the page of an element that the document calls `id`; undefined when it could not be one. */
export function pageId(names: string, id: string | undefined): string | undefined {
  return id && id.length <= 200 && !/[\s\0]/.test(id) ? `${names}u-${id}` : undefined;
}

/** Depth of titled groups, for the level of their headings. */
export const HeadingContext = createContext(3);
