/** How the subgraphs compose, live: only `python -m gateway dev` tells, and marks the page with the address where it does. */
import { useEffect, useState } from "react";

export interface Place {
  subgraph: string;
  file: string;
  /** From 1; 0 where the matter is the whole file. */
  line: number;
  column: number;
  source: string;
}

export interface CompositionError {
  code: string;
  message: string;
  advice: string;
  places: Place[];
}

export interface Composition {
  errors: CompositionError[];
  /** What could not be read, so that nothing was composed. */
  problems: string[];
  mocked: string[];
  /** Whether some schema composed before, and is in service. */
  hasSchema: boolean;
  /** Names the schema in service; null while there is none. */
  schema: string | null;
}

/** Gives what was told last; null before that, and in a gateway that does not compose. */
export function useComposition(): Composition | null {
  const [composition, setComposition] = useState<Composition | null>(null);
  useEffect(() => {
    const url = document.documentElement.dataset["composition"];
    if (url === undefined) return;
    const source = new EventSource(url);
    source.onmessage = ({ data }) => setComposition(JSON.parse(data as string) as Composition);
    return () => source.close();
  }, []);
  return composition;
}
