/** The sidebar panel that lists the example operations, and opens one: in its tab, or in a new one where it was closed. */
import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";
import { parse } from "graphql";
import { template, type Example } from "./examples";

const KINDS = ["query", "mutation", "subscription"] as const;
const HEADINGS = { query: "Queries", mutation: "Mutations", subscription: "Subscriptions" };

export function operationsPlugin(examples: Example[]): GraphiQLPlugin {
  return { title: "Operations", icon: Icon, content: () => <Operations examples={examples} /> };
}

function Operations({ examples }: { examples: Example[] }) {
  const { tabs, active, queryEditor, variableEditor } = useGraphiQL((state) => ({
    tabs: state.tabs,
    active: state.tabs[state.activeTabIndex]?.title,
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  const { addTab, changeTab, updateActiveTabValues } = useGraphiQLActions();

  function open(example: Example) {
    const index = tabs.findIndex((tab) => tab.title === example.name);
    if (index >= 0) return changeTab(index);
    addTab();
    updateActiveTabValues({ query: example.query, variables: template(example), operationName: example.name });
    queryEditor?.setValue(example.query);
    variableEditor?.setValue(template(example));
  }

  return (
    <section className="operations" aria-label="Operations">
      <h2>Operations</h2>
      {KINDS.map((kind) => {
        const ofKind = examples.filter((example) => kindOf(example) === kind);
        return ofKind.length === 0 ? null : (
          <div key={kind}>
            <h3>{HEADINGS[kind]}</h3>
            <ul>
              {ofKind.map((example) => (
                <li key={example.name}>
                  <button type="button" aria-current={example.name === active} onClick={() => open(example)}>
                    <span className="operation-name">
                      {example.name}
                      {example.account && <span className="badge">{example.account}</span>}
                    </span>
                    {example.about && <span className="operation-about">{example.about}</span>}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </section>
  );
}

function kindOf(example: Example): string | undefined {
  const definition = parse(example.query).definitions.find((node) => node.kind === "OperationDefinition");
  return definition && "operation" in definition ? definition.operation : undefined;
}

function Icon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" aria-hidden="true">
      <path d="M3 5h1M3 10h1M3 15h1M8 5h9M8 10h9M8 15h9" />
    </svg>
  );
}
