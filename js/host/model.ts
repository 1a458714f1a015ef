/** The part of an anywidget model that the panel uses. */
export interface WidgetModel {
  get(name: string): unknown;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBufferView[]): unknown;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
}

/** What anywidget hands to `initialize`; `signal` is aborted when the model ends. */
export interface InitializeContext {
  model: WidgetModel;
  signal?: AbortSignal;
}

/** What anywidget hands to `render`; the returned function ends the view. */
export interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
  signal?: AbortSignal;
}
