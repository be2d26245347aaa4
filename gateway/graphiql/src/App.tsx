/** The page: our header above GraphiQL, and a panel with the example operations in its sidebar. */
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN, HistoryStore } from "@graphiql/plugin-history";
import { GraphiQLProvider, useGraphiQL, type GraphiQLPlugin } from "@graphiql/react";
import { GraphiQL, GraphiQLInterface } from "graphiql";
import type { GraphQLSchema } from "graphql";
import { getOperationAST } from "graphql";
import { useMemo, useState, type ReactNode } from "react";
import { CompositionPanel, Mocked } from "./Composition";
import { useComposition } from "./composition";
import { template, type PageData } from "./examples";
import { ExampleBar } from "./ExampleBar";
import { Header } from "./Header";
import { operationsPlugin } from "./Operations";
import { learnRenewal, signInDocument } from "./session";
import { ask, subscribe, type Question } from "./transport";

const WELCOME = "# Write an operation here. Ctrl-Space completes, Ctrl-Enter runs it.\n\nquery {\n  __typename\n}\n";

/** Without stored tabs GraphiQL shows the first default tab, and must be told its variables apart. */
const isFirstVisit = localStorage.getItem("graphiql:tabState") === null;
// The panel begins with a fifth of the width, and not with GraphiQL's quarter: the editors need it more.
if (isFirstVisit) localStorage.setItem("graphiql:docExplorerFlex", "0.25");

export function App({ data }: { data: PageData }) {
  const [schema, setSchema] = useState<GraphQLSchema | null>(null);
  const composition = useComposition();
  const signIn = useMemo(() => schema && signInDocument(schema), [schema]);
  const operations = useMemo(() => (data.operations.length > 0 ? operationsPlugin(data.operations) : null), [data]);
  const plugins = useMemo<GraphiQLPlugin[]>(
    () => [DOC_EXPLORER_PLUGIN, ...(operations ? [operations] : []), HISTORY_PLUGIN],
    [operations],
  );
  const tabs = data.operations.map((example) => ({ query: example.query, variables: template(example) }));

  return (
    <GraphiQLProvider
      fetcher={answer}
      plugins={plugins}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      {...(operations ? { visiblePlugin: operations } : {})}
      {...(tabs.length > 0 ? { defaultTabs: tabs } : {})}
      {...(isFirstVisit && tabs[0] ? { initialVariables: tabs[0].variables } : {})}
      defaultQuery={WELCOME}
      inputValueDeprecation
      schemaDescription
      onSchemaChange={(next) => {
        learnRenewal(next);
        setSchema(next);
      }}
    >
      <HistoryStore>
        <DocExplorerStore>
          <Frame>
            <Header title={data.title} accounts={data.accounts} signInDocument={signIn}>
              {composition && <Mocked names={composition.mocked} />}
            </Header>
            {composition && <CompositionPanel composition={composition} />}
            {operations && <ExampleBar examples={data.operations} />}
            <GraphiQLInterface defaultEditorToolsVisibility showPersistHeadersSettings={false}>
              <GraphiQL.Logo>
                <></>
              </GraphiQL.Logo>
            </GraphiQLInterface>
          </Frame>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}

/** GraphiQL forgets a tab that is chosen before its editors are there, so nothing can be chosen until they are. */
function Frame({ children }: { children: ReactNode }) {
  const isReady = useGraphiQL(({ queryEditor, variableEditor, responseEditor }) =>
    Boolean(queryEditor && variableEditor && responseEditor),
  );
  return (
    <div className="page" inert={!isReady} aria-busy={!isReady}>
      {children}
    </div>
  );
}

type Fetcher = Parameters<typeof GraphiQLProvider>[0]["fetcher"];

const answer: Fetcher = (params, options) => {
  const question = params as Question;
  const headers = (options?.headers ?? {}) as Record<string, string>;
  const operation = options?.documentAST && getOperationAST(options.documentAST, question.operationName ?? undefined);
  return operation?.operation === "subscription" ? subscribe(question, headers) : ask(question, headers);
};
