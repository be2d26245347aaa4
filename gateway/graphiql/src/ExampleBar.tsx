/** One line about the operation of the present tab, and the filling of its variables from the running graph. */
import { useGraphiQL } from "@graphiql/react";
import { useCallback, useEffect, useRef, useState } from "react";
import { fill, needsFilling, NotFound, template, type Example } from "./examples";
import { useSession } from "./session";

type State = "plain" | "filling" | "filled" | { missing: string };

export function ExampleBar({ examples }: { examples: Example[] }) {
  const { tab, operationName, editor, schema } = useGraphiQL((state) => ({
    tab: state.tabs[state.activeTabIndex],
    operationName: state.operationName,
    editor: state.variableEditor,
    schema: state.schema,
  }));
  const session = useSession();
  const [state, setState] = useState<State>("plain");
  const example = examples.find(({ name }) => name === tab?.title);
  const attempt = useRef(0);

  const refill = useCallback(
    async (chosen: Example) => {
      const mine = ++attempt.current;
      setState("filling");
      const next = await fill(chosen).then(
        (text) => ({ text, state: "filled" as const }),
        (error: unknown) => ({ text: null, state: { missing: reason(chosen, error, session !== null) } }),
      );
      if (mine !== attempt.current) return; // the reader has gone to another tab, or signed in meanwhile
      if (next.text !== null) editor?.setValue(next.text);
      setState(next.state);
    },
    [editor, session],
  );

  const id = tab?.id;
  useEffect(() => {
    attempt.current++;
    setState("plain");
    if (!example || !editor || !schema) return;
    const text = editor.getValue();
    if (text === template(example) && needsFilling(text)) void refill(example);
    // Another tab, reader or schema starts it again; a letter that is typed does not.
  }, [id, example, editor, schema, refill]);

  if (!example) return <div className="example-bar" />;
  const missing = typeof state === "object" ? state.missing : null;
  return (
    <div className="example-bar" data-state={missing ? "missing" : state} aria-busy={operationName !== example.name}>
      <strong>{example.name}</strong>
      <span className="example-about">{example.about}</span>
      {example.account && <span className="badge">{example.account}</span>}
      <span className="example-state" role="status">
        {missing ?? (state === "filling" ? "Looking up example values…" : state === "filled" ? "Example values are live" : "")}
      </span>
      {needsFilling(template(example)) && (
        <button type="button" className="quiet" onClick={() => void refill(example)}>
          New example values
        </button>
      )}
    </div>
  );
}

function reason(example: Example, error: unknown, isSignedIn: boolean): string {
  if (!(error instanceof NotFound)) return error instanceof Error ? error.message : String(error);
  if (example.account && !isSignedIn) return `Sign in as ${example.account} to fill in the variables`;
  return example.missing ?? `Nothing to fill in: ${error.message}`;
}
