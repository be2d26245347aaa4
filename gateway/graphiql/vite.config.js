import { defineConfig } from "vite";

export default defineConfig(({ command }) => ({
  // The gateway serves the built files under /graphiql/, and the page itself at /graphql.
  base: command === "build" ? "/graphiql/" : "/",
  oxc: { jsx: { runtime: "automatic" } },
  worker: { format: "es" },
  build: {
    outDir: process.env.GRAPHIQL_OUT_DIR ?? "build",
    emptyOutDir: true,
    // Monaco alone is larger than Vite's warning threshold (500 kB), and it comes from the same host.
    chunkSizeWarningLimit: 4000,
    // "use client" in the libraries is for servers that render React; nothing is rendered on a server here.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  server: {
    // `npm run dev` edits this page against a gateway that runs.
    proxy: { "/graphql": "http://127.0.0.1:4000", "/graphiql/operations.json": "http://127.0.0.1:4000" },
  },
}));
