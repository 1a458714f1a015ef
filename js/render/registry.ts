import type { ComponentType } from "react";
import type { ViewNode } from "../host/view";
import type { Common } from "./props";

/** What a component is given; `common` is for what it must put on its own control. */
export interface ComponentArguments {
  readonly node: ViewNode;
  readonly common: Common;
}

/**
 * How a component is drawn.  `control`: it takes focus itself, so a tooltip belongs to it.
 * `ownStyle`: it puts `style` on its own element instead of its frame.
 */
export interface Drawing {
  readonly component: ComponentType<ComponentArguments>;
  readonly control?: boolean;
  readonly ownStyle?: boolean;
}

export type Registry = { readonly [type: string]: Drawing };
