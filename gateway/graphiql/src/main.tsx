import "graphiql/setup-workers/vite";
import "@fontsource-variable/inter/wght.css";
import "@graphiql/react/font/fira-code.css";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./style.css";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { loadPageData, type PageData } from "./examples";

const WITHOUT_EXAMPLES: PageData = { title: null, accounts: [], operations: [] };

const data = await loadPageData().catch((error: unknown) => {
  console.warn("The example operations could not be read.", error);
  return WITHOUT_EXAMPLES;
});
document.title = data.title ? `${data.title} · GraphiQL` : "GraphiQL";
createRoot(document.getElementById("root")!).render(<App data={data} />);
