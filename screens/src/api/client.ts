// One request to the box. What matters to the caller is one distinction: the box said no (`Refusal`),
// or nobody knows what happened (`NoAnswer`), in which case the same key may and must be sent again.
import { end, session } from "./session";
import type { Problem } from "./types";

const TIMEOUT_MS = 8_000;

/** The server answered no, in words for a person. Sending the same again gives the same answer. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    const fields = (problem.errors ?? []).map((error) => error.message);
    super([problem.detail || problem.title, ...fields].join(" · "));
  }
}

/** No answer that counts: the network, a timeout, or the server in trouble. What was asked may have been done. */
export class NoAnswer extends Error {}

export interface Request {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  /** The Idempotency-Key of a write: a retry sends the same one. */
  key?: string;
  /** Login itself: a 401 is an answer there, not the end of the session, and a 429 is one for the person to read. */
  anonymous?: boolean;
}

export async function ask<T>(path: string, request: Request = {}): Promise<T> {
  const token = session.get()?.token;
  const headers: Record<string, string> = { Accept: "application/json" };
  if (request.body !== undefined) headers["Content-Type"] = "application/json";
  if (request.key) headers["Idempotency-Key"] = request.key;
  if (token && !request.anonymous) headers["Authorization"] = `Bearer ${token}`;

  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${path}`, {
      method: request.method ?? "GET",
      headers,
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      cache: "no-store",
    });
    text = await response.text();
  } catch (error) {
    throw new NoAnswer(String(error));
  }
  if (response.ok) return text === "" ? (undefined as T) : parsed<T>(text);
  // A 401 ends only the session it was about: by now someone else may have logged in.
  if (response.status === 401 && !request.anonymous && session.get()?.token === token) end();
  const braked = response.status === 429 && request.anonymous;
  if (isInTrouble(response.status) && !braked) throw new NoAnswer(`HTTP ${response.status}`);
  throw new Refusal(response.status, problemOf(response.status, text));
}

function isInTrouble(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new NoAnswer("the answer is not JSON");
  }
}

function problemOf(status: number, text: string): Problem {
  try {
    const problem = JSON.parse(text) as Partial<Problem>;
    const title = problem.title ?? `HTTP ${status}`;
    return { ...problem, type: problem.type ?? "about:blank", title, status, detail: problem.detail ?? title };
  } catch {
    return { type: "about:blank", title: `HTTP ${status}`, status, detail: `HTTP ${status}` };
  }
}
