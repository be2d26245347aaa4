/** What is wrong with the subgraphs, above the editors for as long as it is wrong; and which of them are mocked. */
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";
import type { Composition, CompositionError, Place } from "./composition";

export function CompositionPanel({ composition }: { composition: Composition }) {
  useFreshSchema(composition.schema);
  const { errors, problems, hasSchema } = composition;
  const isGood = errors.length === 0 && problems.length === 0;
  return (
    <section className="composition" aria-label="Composition" aria-live="polite" hidden={isGood}>
      {!isGood && (
        <details open>
          <summary>
            <strong>{headline(composition)}</strong>
            <span>
              {hasSchema ? "The last schema that composed stays in service." : "There is nothing to serve yet."} This goes away by
              itself once it is mended.
            </span>
          </summary>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>
                <pre>{problem}</pre>
              </li>
            ))}
            {errors.map((error, index) => (
              <li key={index}>
                <Told error={error} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

export function Mocked({ names }: { names: string[] }) {
  if (names.length === 0) return null;
  return (
    <span className="mocked" title="These subgraphs cannot be reached, or are marked `mock: true`: made-up values stand for them.">
      Mocked: {names.join(", ")}
    </span>
  );
}

function headline({ errors, problems }: Composition): string {
  if (problems.length > 0) return "The subgraphs cannot be read";
  return `The subgraphs do not compose: ${errors.length} ${errors.length === 1 ? "error" : "errors"}`;
}

function Told({ error }: { error: CompositionError }) {
  return (
    <>
      <p className="composition-message">
        <code className="composition-code">{error.code}</code> <span>{error.message}</span>
      </p>
      {error.places.map((place, index) => (
        <Excerpt key={index} place={place} />
      ))}
      {error.advice && <p className="composition-advice">{error.advice}</p>}
    </>
  );
}

function Excerpt({ place }: { place: Place }) {
  const name = place.line > 0 ? `${place.file}:${place.line}:${place.column}` : place.file;
  return (
    <figure>
      <figcaption>
        <code>{name}</code> in <b>{place.subgraph}</b>
      </figcaption>
      {place.line > 0 && (
        <pre>
          <span className="composition-line">{String(place.line).padStart(4)} </span>
          {place.source.slice(0, place.column - 1)}
          <mark>{marked(place)}</mark>
          {place.source.slice(place.column - 1 + marked(place).length)}
        </pre>
      )}
    </figure>
  );
}

/** Gives the word that a place points at: the place itself says only where it begins. */
function marked({ source, column }: Place): string {
  return /^(?:@?\w+|"[^"]*"|.)/.exec(source.slice(column - 1))?.[0] ?? " ";
}

/** Documentation and completion follow the schema in service, whenever that is another one. */
function useFreshSchema(schema: string | null) {
  const { introspect } = useGraphiQLActions();
  const isFetching = useGraphiQL((state) => state.isIntrospecting);
  const shown = useRef<string | null | undefined>(undefined);
  useEffect(() => {
    if (isFetching || schema === shown.current) return;
    const isFirst = shown.current === undefined;
    shown.current = schema;
    // GraphiQL asks for the first one by itself.
    if (!isFirst && schema !== null) void introspect();
  }, [schema, isFetching, introspect]);
}
