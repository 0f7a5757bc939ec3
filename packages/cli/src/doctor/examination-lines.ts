import type { Finding, ListedFunction, ListedRoute, RoutePolicy } from "@bento-ts/runtime/server";
import { columns, type createPaint, printable, sizeText } from "../output.ts";
import type { TargetExamination } from "./examine-target.ts";

type Paint = ReturnType<typeof createPaint>;

/** An examination as a person reads it. */
export function examinationLines(told: TargetExamination, paint: Paint): readonly string[] {
  const { service, version, addresses, authentication, access, findings } = told;
  const ways = authentication.map(({ way, detail, key }) => [way, detail, key]);
  return [
    `${paint.bold(printable(service))} ${version}`,
    ...section("addresses", Object.entries(addresses), paint),
    ...section("authentication", ways.length === 0 ? [["none", "nobody is asked for credentials"]] : ways, paint),
    ...section("connections", [["TLS", tlsText(told.tls)]], paint),
    ...section("native TensorFlow", [[told.tensorflow.state, told.tensorflow.message]], paint),
    ...section("limits", limitRows(told.limits), paint),
    ...(access === undefined
      ? ["", "This configuration is refused: the server would not start, and has no routes."]
      : [
          ...section("functions", access.functions.map(functionRow), paint),
          ...section("routes", access.routes.map(routeRow), paint),
        ]),
    ...findingLines(findings, paint),
  ];
}

function section(title: string, rows: readonly (readonly string[])[], paint: Paint): readonly string[] {
  return [
    "",
    paint.bold(title),
    ...columns(
      rows.map((row) => row.map(printable)),
      "  ",
    ),
  ];
}

function tlsText(tls: TargetExamination["tls"]): string {
  if (tls === null) return "off: connections are not secured";
  const shown = Object.entries(tls).filter(([name, value]) => name !== "source" && value !== null && value !== false);
  return [JSON.stringify(tls["source"]), ...shown.map(([name, value]) => `${name} ${String(value)}`)].join(", ");
}

function limitRows(limits: TargetExamination["limits"]): readonly (readonly string[])[] {
  return Object.entries(limits).map(([name, value]) => [name, limitText(name, value)]);
}

function limitText(name: string, value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "number")
    return name.endsWith("Bytes") ? sizeText(value) : name.endsWith("Ms") ? `${value / 1000} s` : String(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function functionRow(listed: ListedFunction): readonly string[] {
  const { name, policy, rules } = listed;
  const owners = [...new Set(rules.map(({ owner }) => owner))].join(" and ");
  if (policy !== "rules") return [name, policyText(listed)];
  return [name, rules.length === 0 ? "nobody, by security.defaultAuthorization" : `rules of ${owners}`];
}

function routeRow(route: ListedRoute): readonly string[] {
  const { transport, method, path, api } = route;
  return [transport, transport === "gRPC" ? "" : method, path, policyText(route), api ?? ""];
}

function policyText(asked: RoutePolicy): string {
  return asked.policy === "public" ? OPENED[asked.openedBy] : asked.policy;
}

const OPENED = {
  product: "public",
  platform: "public (opened by the platform)",
  author: "public (opened by its author)",
} as const satisfies Record<Extract<RoutePolicy, { policy: "public" }>["openedBy"], string>;

function findingLines(findings: readonly Finding[], paint: Paint): readonly string[] {
  if (findings.length === 0) return ["", paint.green("nothing found")];
  const rows = columns(
    findings.map(({ level, key, message }) => [level, printable(key), printable(message)]),
    "  ",
  );
  const counted = (level: Finding["level"]): number => findings.filter((one) => one.level === level).length;
  const [problems, warnings] = [counted("problem"), counted("warning")];
  const sum = `${problems} problems, ${warnings} warnings`;
  return [
    "",
    paint.bold("findings"),
    ...rows.map((row, at) => (findings[at]?.level === "problem" ? paint.red(row) : paint.yellow(row))),
    "",
    problems > 0 ? paint.red(sum) : sum,
  ];
}
