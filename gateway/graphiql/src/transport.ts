/** GraphQL over HTTP, and subscriptions over server-sent events, to the address that this page was loaded from. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { ENDPOINT } from "./endpoint";
import { bearer } from "./session";

export interface Question {
  query: string;
  variables?: Record<string, unknown> | undefined;
  operationName?: string | null | undefined;
}

export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions?: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

const JSON_TYPES = "application/graphql-response+json, application/json;q=0.9";

/** Gives the one answer to a query or a mutation. */
export async function ask(question: Question, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await post(question, JSON_TYPES, headers);
  return readJson(response);
}

/**
 * Gives the answers to a subscription, one for each event. Ends when the gateway says `complete`, and when the
 * reader stops: stopping closes the connection at once, also while it is silent.
 */
export function subscribe(question: Question, headers: Record<string, string> = {}): AsyncIterable<Answer> {
  const stop = new AbortController();
  const answers = events(question, headers, stop.signal);
  const iterator: AsyncIterator<Answer> = {
    next: () => answers.next(),
    return() {
      stop.abort();
      return answers.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* events(
  question: Question,
  headers: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<Answer, undefined> {
  try {
    const response = await post(question, `text/event-stream, ${JSON_TYPES}`, headers, signal);
    if (!contentType(response).startsWith("text/event-stream") || response.body === null) {
      yield await readJson(response); // refused before the first event
      return undefined;
    }
    const messages = response.body
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
      .pipeThrough(new EventSourceParserStream());
    for await (const message of messages) {
      if (message.event === "complete") return undefined;
      if (message.event === "next" && message.data) yield JSON.parse(message.data) as Answer;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

async function post(
  question: Question,
  accept: string,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Response> {
  const authorization = await bearer();
  const all = new Headers({ accept, "content-type": "application/json", ...authorization });
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  try {
    return await fetch(ENDPOINT, { method: "POST", headers: all, body: JSON.stringify(question), signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error("The gateway cannot be reached. Is it running?", { cause: error });
  }
}

async function readJson(response: Response): Promise<Answer> {
  const text = await response.text();
  if (contentType(response).includes("json")) return JSON.parse(text) as Answer;
  throw new Error(`The gateway answered ${response.status} ${response.statusText}: ${text.slice(0, 300)}`);
}

function contentType(response: Response): string {
  return response.headers.get("content-type") ?? "";
}
