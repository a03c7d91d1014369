export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One HTTP request; the body is parsed when it is JSON of any kind, else it is given as text. */
export async function requestJson(url: string, init: RequestInit = {}): Promise<JsonAnswer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(40_000), ...init });
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : text };
}
