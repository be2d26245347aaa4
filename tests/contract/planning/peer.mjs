// Plans with Apollo's planner or Hive's, as a development tool: node peer.mjs FOLDER apollo|hive.
// A line in is a JSON object, {supergraph} or {operation}; a line out is what came of it, {made} or {refused}.
import { createRequire } from 'node:module';
import readline from 'node:readline';

const [folder, name] = process.argv.slice(2);
const require = createRequire(folder + '/');

const PLANNERS = {
  apollo() {
    const { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, parseOperation } = require('@apollo/federation-internals');
    const { QueryPlanner } = require('@apollo/query-planner');
    return (sdl) => {
      const supergraph = Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
      const planner = new QueryPlanner(supergraph);
      return (operation) => planner.buildQueryPlan(parseOperation(supergraph.apiSchema(), operation));
    };
  },
  hive() {
    const { QueryPlanner } = require('@graphql-hive/router-query-planner');
    return (sdl) => {
      const planner = new QueryPlanner(sdl);
      // At 100 % no percentage of an override is reached, and no label is named: no label is active.
      return (operation) => planner.plan(operation, null, new Set(), 100);
    };
  },
};

const build = PLANNERS[name]();
let plan;

function answer({ supergraph, operation }) {
  try {
    if (supergraph === undefined) return { made: plan(operation) };
    plan = (_operation) => {
      throw new Error('the supergraph was refused');
    };
    plan = build(supergraph);
    return { made: true };
  } catch (error) {
    return { refused: String(error.message) };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
}
