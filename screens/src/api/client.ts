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
  /** A picture goes as it is, all else as JSON. */
  body?: unknown;
  /** The Idempotency-Key of a write: a retry sends the same one. */
  key?: string;
  /**
   * Proving who one is: a 401 is an answer there, not the end of the session, and a 429 is one for the person to
   * read. A password is given by nobody yet, a PIN on a screen where somebody is logged in.
   */
  proves?: "password" | "pin";
  timeoutMs?: number;
  /** What a server in trouble says is for the person to read: what was asked for changes nothing. */
  reads?: boolean;
}

export const ask = <T>(path: string, request: Request = {}): Promise<T> =>
  exchange(path, request, "application/json", async (response) => {
    const text = await response.text();
    return text === "" ? (undefined as T) : parsed<T>(text);
  });

/** A picture; it needs the token, so that no `<img src>` can fetch it. */
export const askPicture = (path: string, request: Request = {}): Promise<Blob> =>
  exchange(path, request, "image/png", (response) => response.blob());

/** A file as the box writes it, for somebody to keep. */
export const askFile = (path: string, timeoutMs: number): Promise<Blob> =>
  exchange(path, { timeoutMs, reads: true }, "*/*", (response) => response.blob());

async function exchange<T>(path: string, request: Request, accept: string, read: (it: Response) => Promise<T>): Promise<T> {
  const token = session.get()?.token;
  const { body, proves } = request;
  const headers: Record<string, string> = { Accept: accept };
  if (body !== undefined) headers["Content-Type"] = body instanceof Blob ? body.type : "application/json";
  if (request.key) headers["Idempotency-Key"] = request.key;
  if (token && proves !== "password") headers["Authorization"] = `Bearer ${token}`;

  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${path}`, {
      method: request.method ?? "GET",
      headers,
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS),
      cache: "no-store",
    });
    if (response.ok) return await read(response);
    text = await response.text();
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer(String(error));
  }
  // A 401 ends only the session it was about: by now someone else may have logged in.
  if (response.status === 401 && !proves && session.get()?.token === token) end();
  const said = (response.status === 429 && proves) || (request.reads && saysWhy(text));
  if (isInTrouble(response.status) && !said) throw new NoAnswer(`HTTP ${response.status}`);
  throw new Refusal(response.status, problemOf(response.status, text));
}

function isInTrouble(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** Whether it is a problem in words, and not the page of some proxy. */
function saysWhy(text: string): boolean {
  try {
    return Boolean((JSON.parse(text) as Partial<Problem>).detail);
  } catch {
    return false;
  }
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
