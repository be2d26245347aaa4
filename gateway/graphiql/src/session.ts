/** Who the reader is: the tokens that `signIn` gave, kept for this browser tab alone, and renewed before they run out. */
import { useSyncExternalStore } from "react";
import {
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";
import { ENDPOINT } from "./endpoint";

export interface Session {
  email: string;
  name: string;
  accessToken: string;
  refreshToken: string | null;
  expiresAt: string | null;
}

const STORAGE_KEY = "yarmarka:session";
const RENEW_BEFORE_MS = 10_000;

let session: Session | null = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as Session | null;
let renewal: { document: string; running: Promise<void> | null } | null = null;
const listeners = new Set<() => void>();

/** Gives the present session and follows its changes. */
export function useSession(): Session | null {
  return useSyncExternalStore(
    (listener) => (listeners.add(listener), () => listeners.delete(listener)),
    () => session,
  );
}

export function signOut(): void {
  keep(null);
}

/** Gives the Authorization header of the present session, renewed first where it is about to run out. */
export async function bearer(): Promise<Record<string, string>> {
  if (session?.refreshToken && renewal && isRunningOut(session)) {
    renewal.running ??= renew(session, renewal.document).finally(() => renewal && (renewal.running = null));
    await renewal.running;
  }
  return session === null ? {} : { authorization: `Bearer ${session.accessToken}` };
}

/**
 * Signs in with the schema's own `signIn`.
 * @throws Error with the graph's own words where it refuses.
 */
export async function signIn(document: string, email: string, password: string): Promise<void> {
  const result = await mutate(document, { input: { email, password } });
  keep(toSession(result, email, "The graph refused the sign-in."));
}

/** Gives the sign-in document for this schema, or null where it has no `signIn(input: {email, password})` to call. */
export function signInDocument(schema: GraphQLSchema): string | null {
  const field = schema.getMutationType()?.getFields()["signIn"];
  const input = field?.args.find((argument) => argument.name === "input");
  const inputType = input && getNamedType(input.type);
  if (!field || !isInputObjectType(inputType)) return null;
  if (!inputType.getFields()["email"] || !inputType.getFields()["password"]) return null;
  const selection = tokenSelection(schema, getNamedType(field.type));
  return selection && `mutation SignIn($input: ${String(input?.type)}) { result: signIn(input: $input) ${selection} }`;
}

/** Lets sessions be renewed with the schema's `refreshSession(refreshToken:)`, where it has one. */
export function learnRenewal(schema: GraphQLSchema): void {
  const field = schema.getMutationType()?.getFields()["refreshSession"];
  const token = field?.args.find((argument) => argument.name === "refreshToken");
  const selection = field && token && tokenSelection(schema, getNamedType(field.type));
  renewal = selection
    ? {
        document: `mutation Renew($token: ${String(token.type)}) { result: refreshSession(refreshToken: $token) ${selection} }`,
        running: null,
      }
    : null;
}

async function renew(old: Session, document: string): Promise<void> {
  try {
    keep(toSession(await mutate(document, { token: old.refreshToken }), old.email, "The session has ended."));
  } catch {
    keep(null); // signed out: the next answer says that the operation needs an account
  }
}

function isRunningOut({ expiresAt }: Session): boolean {
  return expiresAt !== null && Date.parse(expiresAt) - Date.now() < RENEW_BEFORE_MS;
}

interface TokenResult {
  accessToken?: string;
  refreshToken?: string;
  expiresAt?: string;
  account?: { displayName?: string };
  message?: string;
}

/** Posts without the present token, which may be the one that ran out. */
async function mutate(query: string, variables: Record<string, unknown>): Promise<TokenResult> {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data?: { result?: TokenResult }; errors?: { message: string }[] };
  const error = answer.errors?.[0];
  if (error) throw new Error(error.message);
  return answer.data?.result ?? {};
}

function toSession(result: TokenResult, email: string, refusal: string): Session {
  if (!result.accessToken) throw new Error(result.message ?? refusal);
  return {
    email,
    name: result.account?.displayName ?? email,
    accessToken: result.accessToken,
    refreshToken: result.refreshToken ?? null,
    expiresAt: result.expiresAt ?? null,
  };
}

/** Selects the tokens of the type, or member of a union, that has them, and the message of the others. */
function tokenSelection(schema: GraphQLSchema, type: GraphQLNamedType): string | null {
  const members = isUnionType(type) || isInterfaceType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  if (!members.some((member) => member.getFields()["accessToken"])) return null;
  const selections = members.map((member) => {
    const fields = member.getFields();
    const wanted = fields["accessToken"] ? ["accessToken", "refreshToken", "expiresAt"] : ["message"];
    const names = wanted.filter((name) => fields[name]);
    const account = fields["accessToken"] && fields["account"] && getNamedType(fields["account"].type);
    if (account && "getFields" in account && account.getFields()["displayName"]) names.push("account { displayName }");
    return `... on ${member.name} { ${["__typename", ...names].join(" ")} }`;
  });
  return `{ ${selections.join(" ")} }`;
}

function keep(next: Session | null): void {
  session = next;
  if (next === null) sessionStorage.removeItem(STORAGE_KEY);
  else sessionStorage.setItem(STORAGE_KEY, JSON.stringify(next));
  for (const listener of listeners) listener();
}
