import type { ListedAccess, ListedRoute } from "@bento-ts/runtime/server";

/** A route to be asked for, and what it should answer to who has no credential; undefined where either is right. */
export interface ExpectedRoute {
  readonly transport: "REST" | "gRPC";
  readonly method: string;
  readonly path: string;
  readonly expected: "refused" | "answered" | undefined;
}

/** What the routes of a target should answer. Those of the admin port should not be reached from where callers are. */
export function expectedOf({ routes, functions }: ListedAccess): readonly ExpectedRoute[] {
  const hasPublic = functions.some(({ policy }) => policy === "public");
  return withAdmin(routes, (route) => {
    const isOfAnyFunction = route.api === undefined && route.transport === "gRPC";
    // The function stands in a message that is not sent.
    if (route.policy === "public") return isOfAnyFunction && route.openedBy === "author" ? undefined : "answered";
    // The function stands in the path, and may be one of those that are open.
    return hasPublic && route.policy === "rules" && route.api === undefined ? undefined : "refused";
  });
}

/** What routes should answer of a server of which nothing is known: probes as its owner likes, all others to nobody. */
export function expectedOfKnown(routes: readonly ListedRoute[]): readonly ExpectedRoute[] {
  return withAdmin(routes, (route) => (route.policy === "public" ? undefined : "refused"));
}

function withAdmin(
  routes: readonly ListedRoute[],
  expect: (route: ListedRoute) => ExpectedRoute["expected"],
): readonly ExpectedRoute[] {
  const served = routes.flatMap((route): ExpectedRoute[] => {
    const { transport, method, sample } = route;
    return transport === "admin" ? [] : [{ transport, method, path: sample, expected: expect(route) }];
  });
  const paths = new Set(served.map(({ path }) => path));
  const admin = routes.filter(({ transport, sample }) => transport === "admin" && !paths.has(sample));
  return [
    ...served,
    ...admin.map(({ method, sample }) => ({
      transport: "REST" as const,
      method,
      path: sample,
      expected: "refused" as const,
    })),
  ];
}
