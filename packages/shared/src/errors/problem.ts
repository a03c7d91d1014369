import { type ProblemCode, problemCatalog } from './problem-catalog';

/** One fault of a request. `field` is the path in the body or query (`sessions[3].endTime`), `''` for the whole. */
export type ProblemFault = { readonly field: string; readonly code: string; readonly message: string };

export type ProblemOptions = {
  readonly code: ProblemCode;
  /** Taken from the catalog when absent. */
  readonly status?: number;
  /** Taken from the catalog when absent. */
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly ProblemFault[];
  /** Response headers, for example `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** More members of the problem document (RFC 9457 section 3.2). */
  readonly extra?: Readonly<Record<string, unknown>>;
};

/** An error that is answered as RFC 9457 problem details. Throw it from any route. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly errors: readonly ProblemFault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(options: ProblemOptions) {
    const known = problemCatalog[options.code];
    super(options.detail ?? options.title ?? known.title);
    this.code = options.code;
    this.status = options.status ?? known.status;
    this.title = options.title ?? known.title;
    this.detail = options.detail;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.extra = options.extra ?? {};
  }
}

export function problem(options: ProblemOptions): HttpProblem {
  return new HttpProblem(options);
}

/** The JSON document of a problem, content type `application/problem+json`. */
export function problemDocument(from: HttpProblem, requestId: string): Record<string, unknown> {
  return {
    ...from.extra,
    type: `urn:streaks:problem:${from.code}`,
    title: from.title,
    status: from.status,
    code: from.code,
    ...(from.detail === undefined ? {} : { detail: from.detail }),
    ...(from.errors === undefined ? {} : { errors: from.errors }),
    requestId,
  };
}
