import type { OpenApiDocument, Operation } from '@streaks/shared/http/openapi/openapi-document';

export interface Found {
  /** As in the document: `/users/{id}/streak`. */
  readonly template: string;
  /** Absent where the path does not have this method. */
  readonly operation: Operation | undefined;
  readonly method: string;
}

/** Finds the operation that a request is for; undefined where the document does not have its path. */
export function createOperationFinder(document: OpenApiDocument) {
  const routes = Object.entries(document.paths)
    .map(([template, operations]) => ({ template, operations, pattern: toPattern(template) }))
    .sort((one, other) => parameters(one.template) - parameters(other.template));

  return function findOperation(method: string, path: string): Found | undefined {
    const route = routes.find(({ pattern }) => pattern.test(path));
    if (route === undefined) return undefined;
    // Whoever answers GET answers HEAD the same way, without the body.
    const documented = method === 'HEAD' ? 'get' : method.toLowerCase();
    return { template: route.template, method: documented, operation: route.operations[documented] };
  };
}

/** As express matches by default: any case, a slash at the end or none. */
function toPattern(template: string): RegExp {
  const escaped = template.replaceAll(/[.*+?^$()[\]\\|]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${escaped}/?$`, 'i');
}

/** `/streak/leaderboard` is meant before `/streak/{userId}`. */
function parameters(template: string): number {
  return template.split('{').length;
}
