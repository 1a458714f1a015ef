import { useEffect, useState } from "react";
import { useNexus } from "../nexus";

/** A number that changes when notebooks open or close, or their cells change: for what depends on them. */
export function useCellChanges(): number {
  const { notebooks } = useNexus();
  const [count, setCount] = useState(0);
  useEffect(() => notebooks.watch(() => setCount((before) => before + 1)), [notebooks]);
  return count;
}
