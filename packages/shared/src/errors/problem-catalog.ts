/**
 * Every error code an HTTP answer of any service can carry. A code is stable: clients branch on it. A retired code is
 * never used again for something else.
 */
export const problemCatalog = {
  STREAKS_MALFORMED_JSON: { status: 400, title: 'The body is not valid JSON' },
  STREAKS_MALFORMED_REQUEST: { status: 400, title: 'The request cannot be read' },
  STREAKS_INVALID_REQUEST: { status: 400, title: 'The request has faults' },
  STREAKS_INVALID_SESSION: { status: 400, title: 'The session has faults' },
  STREAKS_NO_SESSION_ACCEPTED: { status: 400, title: 'No session of the batch was accepted' },
  STREAKS_ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  STREAKS_SESSION_NOT_SEEN: { status: 404, title: 'This session has not been seen' },
  STREAKS_CHECK_IN_NOT_SEEN: { status: 404, title: 'This check-in has not been seen' },
  STREAKS_METHOD_NOT_ALLOWED: { status: 405, title: 'The route does not have this method' },
  STREAKS_BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  STREAKS_UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is not supported' },
  STREAKS_SESSION_REFUSED: { status: 422, title: 'The session was published but refused by the processor' },
  STREAKS_EVENT_REFUSED: { status: 422, title: 'The event was published but refused by the processor' },
  STREAKS_INTERNAL: { status: 500, title: 'An unexpected error' },
  STREAKS_KAFKA_UNAVAILABLE: { status: 503, title: 'Kafka cannot be reached' },
  STREAKS_REGISTRY_UNAVAILABLE: { status: 503, title: 'The schema registry cannot be reached' },
  STREAKS_OVERLOADED: { status: 503, title: 'Too much is waiting to be published' },
  STREAKS_TOO_MANY_STREAMS: { status: 503, title: 'Too many streams are open' },
  STREAKS_STORE_UNAVAILABLE: { status: 503, title: 'The store cannot be reached' },
  STREAKS_SHUTTING_DOWN: { status: 503, title: 'The service is shutting down' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type ProblemCode = keyof typeof problemCatalog;
