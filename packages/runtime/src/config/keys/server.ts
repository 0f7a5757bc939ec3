import type { KeyRow } from "../key-row.ts";
import { basePath, cidrs, host } from "../key-types-network.ts";
import { boolean, duration, integer, orAuto, orNull, orOff, text } from "../key-types.ts";

const PORT = integer({ min: 0, max: 65_535 });

/** Keys about where and how the server listens. */
export const SERVER_KEYS = {
  "server.host": {
    type: host(),
    default: "127.0.0.1",
    reason: "closed by default: reached from this machine only; an image sets 0.0.0.0",
    doc: "Address to listen on; any but a loopback address needs the two `security.allow…` keys.",
  },
  "server.port": {
    type: PORT,
    default: 3000,
    reason: "no privileges needed",
    doc: "Port of the REST API; 0 takes a free one.",
  },
  "server.grpcPort": {
    type: orAuto(PORT),
    default: "auto",
    reason: "3001, beside the REST port; a free one where server.port is 0",
    doc: "Port of gRPC; 0 takes a free one. Equal to `server.port`: one port answers both.",
  },
  "server.modelName": {
    type: orNull(
      text({
        label: "a model's name of letters, digits, . _ and -",
        pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
      }),
    ),
    default: null,
    reason: "the service's own name",
    doc: "Second name of the default API over the protocols that serve models, in place of the service's name.",
  },
  "server.basePath": {
    type: basePath(),
    default: "/",
    reason: "a service usually has a host name of its own",
    doc: "Path under which every route stands, for proxies that pass the prefix on.",
  },
  "server.workers": {
    type: orAuto(integer({ min: 1, max: 1024 })),
    default: "auto",
    reason: "one worker for each CPU that the cgroup allows, at least one: more only switch",
    doc: "Worker processes.",
  },
  "server.tuning": {
    type: boolean(),
    default: true,
    reason: "what was measured on this machine is better than a guess",
    doc: "Whether the threads, places and batches that `bento-ts tune` has chosen are used, where a `bento.tune.json` is beside `bento.yaml`.",
  },
  "server.requestTimeout": {
    type: duration({ min: "1ms", max: "24h" }),
    default: "60s",
    reason: "the time-out of most proxies",
    doc: "Longest time of one call; a caller may ask for less. A reply that its caller does not take within as long, and a second more for each 64 KiB, is cut.",
  },
  "server.hungRunGrace": {
    type: orOff(duration({ min: "100ms", max: "24h" })),
    default: "60s",
    reason:
      "as long again as requestTimeout: nobody waits for the run any more, and one that is only slow has ended by then",
    doc: "How long a model's run may go on past the time of its call before its worker is replaced. A worker whose event loop stands still for `server.requestTimeout` and this together, 10 s at the least, is ended; `off`: after 300 s, and runs may go on for ever.",
  },
  "server.drainDelay": {
    type: duration({ min: "0s", max: "10m" }),
    default: "5s",
    reason: "load balancers take seconds to see that a server is not ready",
    doc: "After SIGTERM: how long the server answers new calls while it already says that it is not ready.",
  },
  "server.drainTimeout": {
    type: duration({ min: "0s", max: "1h" }),
    default: "30s",
    reason: "half of requestTimeout; give orchestrators drainDelay + drainTimeout as grace period",
    doc: "After drainDelay: how long running calls may take to finish before they are cut.",
  },
  "server.maxConnectionAge": {
    type: duration({ min: "1s", max: "24h" }),
    default: "1h",
    reason: "clients keep gRPC connections for ever: without an end they never meet a new worker, or a new certificate",
    doc: "Age at which a gRPC connection is told to go away (GOAWAY), and from which a REST connection ends with its next reply; what runs is finished.",
  },
  "server.trustedProxies": {
    type: cidrs(),
    default: [],
    reason: "anybody can send X-Forwarded-For: nobody is believed unless named",
    doc: "Addresses of proxies whose `X-Forwarded-*` headers count.",
  },
  "server.admin.host": {
    type: host(),
    default: "127.0.0.1",
    reason: "the admin port asks for no credentials; an image sets 0.0.0.0, fenced by a NetworkPolicy",
    doc: "Address of the admin port: `/metrics`, `/prometheus`, `/healthz`, `/readyz`.",
  },
  "server.admin.port": {
    type: PORT,
    default: 3002,
    reason: "beside the service's own ports",
    doc: "Admin port; 0 takes a free one.",
  },
  "server.admin.metricsPath": {
    type: text({ label: "a path such as /prometheus", pattern: "^(/[A-Za-z0-9._~-]{1,64}){1,8}$" }),
    default: "/metrics",
    reason: "where Prometheus looks by itself",
    doc: "One more path of the admin port at which metrics are shown; `/metrics` and `/prometheus` show them anyway.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
