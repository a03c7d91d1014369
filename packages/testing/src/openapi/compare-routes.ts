import type { OpenApiDocument } from '@streaks/shared/http/openapi/openapi-document';

/** What express's router keeps; it has no public way to ask for it. */
interface RoutedApp {
  readonly router: {
    readonly stack: readonly {
      readonly route?: {
        readonly path: string | readonly string[];
        readonly methods: Readonly<Record<string, boolean>>;
      };
    }[];
  };
}

/** Files of the page of Swagger UI: part of it, not of the API. */
const pageFile = /^GET \/api\/docs\/./;

/** Where the routes of an app and its document differ, as `GET /users/{id}`: those that only one of them has. */
export function compareRoutes(app: object, document: OpenApiDocument) {
  const routed = new Set(routesOf(app as RoutedApp).filter((name) => !pageFile.test(name)));
  const documented = new Set(
    Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    ),
  );
  return {
    undocumented: [...routed].filter((name) => !documented.has(name)).sort(),
    unrouted: [...documented].filter((name) => !routed.has(name)).sort(),
  };
}

function routesOf({ router }: RoutedApp): readonly string[] {
  return router.stack.flatMap(({ route }) => {
    if (route === undefined) return [];
    const paths = typeof route.path === 'string' ? [route.path] : route.path;
    return paths.flatMap((path) =>
      Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
    );
  });
}
