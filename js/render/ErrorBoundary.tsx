import { Component, type ReactNode } from "react";

interface Properties {
  /** What failed, for the note. */
  readonly name: string;
  /** When this changes, drawing is tried again. */
  readonly attempt: unknown;
  readonly children: ReactNode;
}

interface State {
  readonly message: string | null;
  readonly attempt: unknown;
}

/** Keeps a component that fails to draw from taking the panel down; drawing is tried again with new content. */
export class ErrorBoundary extends Component<Properties, State> {
  override state: State = { message: null, attempt: this.props.attempt };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { message: error instanceof Error ? error.message : "unknown reason" };
  }

  static getDerivedStateFromProps(properties: Properties, state: State): Partial<State> | null {
    if (Object.is(properties.attempt, state.attempt)) return null;
    return { attempt: properties.attempt, message: null };
  }

  override render(): ReactNode {
    const { message } = this.state;
    if (message === null) return this.props.children;
    return (
      <div className="nx-error" role="alert">
        <span className="nx-error-text">
          {this.props.name} could not be shown: {message}
        </span>
      </div>
    );
  }
}
