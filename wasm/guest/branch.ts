// `If`: one of two lists of children, or none when its condition fails.

import { Part } from "./part";
import type { Scope } from "./scope";

export class Branch extends Part {
  private chosen: boolean | undefined;
  private children: readonly Part[] = [];

  protected evaluate(): void {
    const { node } = this;
    const chosen = this.attempt(node.condition, () =>
      Boolean(this.value(node.condition, this.scope, this.path)),
    );
    if (this.epoch > 1 && chosen === this.chosen) return;
    this.chosen = chosen;
    for (const child of this.children) child.end();
    this.children = [];
    if (chosen === true)
      this.children = this.view.parts(node.children, this.scope, this.path, this.frame, this, "Else");
    else if (chosen === false)
      this.children = this.view.alternative(node, "Else", this.scope, this.path, this.frame, this);
    this.rearrange();
  }

  override rescope(scope: Scope): void {
    super.rescope(scope);
    for (const child of this.children) child.rescope(scope);
  }

  override end(): void {
    super.end();
    for (const child of this.children) child.end();
    this.children = [];
  }

  addIds(ids: string[]): string[] {
    let all = ids;
    for (const child of this.children) all = child.addIds(all);
    return all;
  }

  addTexts(texts: string[]): void {
    for (const child of this.children) child.addTexts(texts);
  }
}
