/** The example operations that the gateway hands to the page, and how their variables are filled from the running graph. */
import { ask } from "./transport";

export interface Example {
  name: string;
  query: string;
  about?: string;
  /** The label of the account that it takes. */
  account?: string;
  lookups?: { query: string; variables?: Record<string, unknown> }[];
  variables?: Record<string, unknown>;
  /** What the reader can do when a lookup finds nothing. */
  missing?: string;
}

export interface Account {
  label: string;
  email: string;
  password: string;
}

export interface PageData {
  title: string | null;
  accounts: Account[];
  operations: Example[];
}

/** Raised when a value that the example needs is not in the graph (yet), or not for this reader. */
export class NotFound extends Error {}

export async function loadPageData(): Promise<PageData> {
  const response = await fetch("/graphiql/operations.json", { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`/graphiql/operations.json answered ${response.status}`);
  return (await response.json()) as PageData;
}

/** Gives the text that stands in the variables editor until the values are known. */
export function template(example: Example): string {
  return example.variables ? JSON.stringify(example.variables, null, 2) : "";
}

export function needsFilling(text: string): boolean {
  return /"\$(\.|uuid"|now")/.test(text);
}

/**
 * Gives the example's variables with every `$` value filled: looked up in the graph as the present reader, or made here.
 * @throws NotFound where the graph has no such value.
 */
export async function fill(example: Example): Promise<string> {
  const found: Record<string, unknown> = {};
  for (const lookup of example.lookups ?? []) {
    const variables = replace(lookup.variables ?? {}, found) as Record<string, unknown>;
    const answer = await ask({ query: lookup.query, variables });
    if (!answer.data) throw new NotFound(answer.errors?.[0]?.message ?? "The lookup has no data.");
    Object.assign(found, answer.data);
  }
  return JSON.stringify(replace(example.variables ?? {}, found), null, 2);
}

function replace(value: unknown, found: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => replace(item, found));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, found)]));
  if (value === "$uuid") return uuid7();
  if (value === "$now") return new Date().toISOString();
  return typeof value === "string" && value.startsWith("$.") ? walk(value, found) : value;
}

/** `.name`, `[0]`, and `[?a.b]`: the first element in which `a.b` is there. */
const STEP = /\.(\w+)|\[(\d+)\]|\[\?([\w.]+)\]/y;

function walk(path: string, root: unknown): unknown {
  let value: unknown = root;
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const start = STEP.lastIndex;
    const step = STEP.exec(path);
    if (!step) throw new Error(`${path}: not a path at ${path.slice(start)}`);
    const [, name, index, wanted] = step;
    if (wanted) value = (value as unknown[] | undefined)?.find((item) => get(item, wanted.split(".")) != null);
    else value = get(value, [name ?? index ?? ""]);
    if (value == null) throw new NotFound(`${path} is not there`);
  }
  return value;
}

function get(value: unknown, names: string[]): unknown {
  return names.reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], value);
}

/** A UUIDv7, made by hand: `crypto.randomUUID` makes version 4, and only where the page came over HTTPS or from localhost. */
function uuid7(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const random = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const variant = "89ab"[parseInt(random[3] ?? "0", 16) % 4];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
