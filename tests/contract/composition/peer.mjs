// Composes with Apollo's composition, as a development tool: one JSON object {subgraph: sdl} a line in, one answer a line out.
import { createRequire } from 'node:module';
import readline from 'node:readline';

const require = createRequire(process.argv[2] + '/');
const { composeServices } = require('@apollo/composition');
const { parse } = require('graphql');

function answer(subgraphs) {
  const began = process.cpuUsage();
  try {
    const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) }));
    const result = composeServices(services);
    if (result.errors) return { codes: [...new Set(result.errors.map((error) => error.extensions?.code ?? 'NONE'))] };
    const { user, system } = process.cpuUsage(began);
    return { codes: [], cpu: (user + system) / 1e6, sdl: result.supergraphSdl, hints: [...new Set((result.hints ?? []).map((hint) => hint.definition.code))] };
  } catch (error) {
    return { codes: ['THROWN'], thrown: String(error.message) };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
}
