/** What the views share, and their way to it. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Api } from "./api";
import type { NotebookAccess } from "./notebooks";
import type { Reviews, Standing } from "./review";
import type { Workspace, WorkspaceState } from "./workspace";

export interface Nexus {
  workspace: Workspace;
  api: Api;
  notebooks: NotebookAccess;
  reviews: Reviews;
  /** Connect now. */
  retry: () => void;
  /** Show a proposal in the main area. */
  openReview: (id: string) => void;
  /** Show the graph in the main area. */
  openGraph: () => void;
}

const context = createContext<Nexus | null>(null);

export const NexusProvider = context.Provider;

export function useNexus(): Nexus {
  const nexus = useContext(context);
  if (!nexus) throw new Error("This view stands outside of its provider.");
  return nexus;
}

export function useWorkspace(): WorkspaceState {
  const { workspace } = useNexus();
  return useSyncExternalStore(workspace.subscribe, workspace.state);
}

export function useStanding(): Standing {
  const { reviews } = useNexus();
  return useSyncExternalStore(reviews.subscribe, reviews.standing);
}
