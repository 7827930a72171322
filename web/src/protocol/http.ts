/**
 * HTTP to this server: its addresses, and its errors as sentences.
 *
 * Decided here: what counts as "try again" and what as a refusal. Decided elsewhere: what is asked
 * and what is done with an answer.
 */

/** The server refused; `message` is its sentence. */
export class Refused extends Error {
  readonly code: number;
  readonly details: unknown[];

  constructor(code: number, message: string, details: unknown[]) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** No answer, or one that says "later": the same request may be sent again. */
export class NoAnswer extends Error {}

export class Server {
  readonly #spreadsheetId: string;

  constructor(spreadsheetId: string) {
    this.#spreadsheetId = encodeURIComponent(spreadsheetId);
  }

  live(what: string, query: Iterable<readonly [string, string]> = []): string {
    const asked = new URLSearchParams([...query].map(([name, value]) => [name, value]));
    const text = asked.toString();
    return `/live/${this.#spreadsheetId}/${what}${text ? `?${text}` : ""}`;
  }

  spreadsheets(method: string): string {
    return `/v4/spreadsheets/${this.#spreadsheetId}${method}`;
  }
}

export async function getJson<T>(address: string): Promise<T> {
  return await bodyOf<T>(await request(address));
}

/** What an answer says; one that breaks off is no answer. */
export async function bodyOf<T>(answer: Response): Promise<T> {
  try {
    return (await answer.json()) as T;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    throw new NoAnswer("The server's answer broke off.", { cause: error });
  }
}

/** One request; anything but success is thrown as `Refused` or `NoAnswer`. */
export async function request(address: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address, { ...init, credentials: "same-origin" });
  } catch (error) {
    throw new NoAnswer("The server doesn't answer.", { cause: error });
  }
  if (answer.ok) return answer;
  throw await refusal(answer);
}

async function refusal(answer: Response): Promise<Refused | NoAnswer> {
  const text = await answer.text().catch(() => "");
  const { message, details } = said(text);
  const sentence = message ?? `The server answered ${String(answer.status)}.`;
  if (answer.status >= 500 && answer.status !== 501) return new NoAnswer(sentence);
  return new Refused(answer.status, sentence, details);
}

function said(text: string): { message: string | null; details: unknown[] } {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string; details?: unknown[] } };
    return { message: error?.message ?? null, details: error?.details ?? [] };
  } catch (error) {
    if (error instanceof SyntaxError) return { message: null, details: [] };
    throw error;
  }
}
