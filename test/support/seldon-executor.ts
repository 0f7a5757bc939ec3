import { type GrpcTestClient, grpcClient } from "./grpc-client.ts";
import type { ServerProcess } from "./server-process.ts";

// Drives components as Seldon's executor does, step by step. Source: Seldon Core 1.18, executor: predictor process, REST and gRPC clients.

/** What a node is asked to do; a type stands for some of these (MODEL: predict and feedback, ROUTER: route and feedback). */
export type Step = "predict" | "transformInput" | "transformOutput" | "route" | "aggregate" | "feedback";

/** One component of a graph. */
export interface Unit {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly server: Pick<ServerProcess, "url" | "grpcAddress">;
  readonly children: readonly Unit[];
}

/** How messages travel to components: opaque to the executor but for branches and routing. */
export interface ExecutorWire<M> {
  /** Calls a component; rejects for anything but a plain success. */
  call(unit: Unit, step: Exclude<Step, "aggregate">, message: M): Promise<M>;
  aggregate(unit: Unit, messages: readonly M[]): Promise<M>;
  /** The branch that a router's reply names. */
  branchOf(reply: M): number;
  /** The reply with the branch of each router in its meta, which has to be there. */
  withRouting(reply: M, routing: Readonly<Record<string, number>>): M;
  /** The routing that stands in a feedback's response. */
  routingOf(feedback: M): Readonly<Record<string, number>>;
}

/** Asks a graph for a prediction; the answer tells which branches were taken. */
export async function predict<M>(wire: ExecutorWire<M>, root: Unit, message: M): Promise<M> {
  const routing: Record<string, number> = {};
  return wire.withRouting(await predictAt(wire, root, message, routing), routing);
}

async function predictAt<M>(
  wire: ExecutorWire<M>,
  unit: Unit,
  message: M,
  routing: Record<string, number>,
): Promise<M> {
  const has = (step: Step): boolean => unit.steps.includes(step);
  let now = message;
  if (has("transformInput")) now = await wire.call(unit, "transformInput", now);
  else if (has("predict")) now = await wire.call(unit, "predict", now);
  const branch = has("route") ? wire.branchOf(await wire.call(unit, "route", now)) : -1;
  if (has("route") || unit.children.length === 0) routing[unit.name] = branch;
  if (unit.children.length > 0) {
    const chosen = chooseChildren(unit, branch);
    const given = now;
    const replies =
      branch === -2 ? [given] : await Promise.all(chosen.map((child) => predictAt(wire, child, given, routing)));
    now = has("aggregate") ? await wire.aggregate(unit, replies) : (replies[0] ?? given);
  }
  return has("transformOutput") ? wire.call(unit, "transformOutput", now) : now;
}

/** Tells a graph what came of an answer: the children that gave it first, then the node; undefined where nobody takes feedback. */
export async function sendFeedback<M>(wire: ExecutorWire<M>, unit: Unit, feedback: M): Promise<M | undefined> {
  const routing = wire.routingOf(feedback);
  const branch = Object.hasOwn(routing, unit.name) ? (routing[unit.name] ?? -1) : -1;
  const replies = await Promise.all(chooseChildren(unit, branch).map((child) => sendFeedback(wire, child, feedback)));
  return unit.steps.includes("feedback") ? wire.call(unit, "feedback", feedback) : replies[0];
}

function chooseChildren({ name, children }: Unit, branch: number): readonly Unit[] {
  if (branch === -1) return children;
  if (branch === -2) return [];
  const child = children[branch];
  if (child === undefined) throw new Error(`${name} has no branch ${branch}`);
  return [child];
}

const PATHS: Readonly<Record<Step, string>> = {
  predict: "/predict",
  transformInput: "/transform-input",
  transformOutput: "/transform-output",
  route: "/route",
  aggregate: "/aggregate",
  feedback: "/send-feedback",
};

interface JsonMessage {
  readonly data?: { readonly ndarray?: readonly unknown[]; readonly tensor?: { readonly values: readonly number[] } };
  readonly meta?: { readonly routing?: Readonly<Record<string, number>> };
  readonly response?: JsonMessage;
}

/** Messages as JSON texts. Headers of the outer request go to every component. */
export function restWire(headers: Readonly<Record<string, string>>): ExecutorWire<string> {
  const send = async (unit: Unit, step: Step, body: string): Promise<string> => {
    const response = await fetch(unit.server.url + PATHS[step], {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${unit.name} ${step}: ${response.status} ${text}`);
    // It relays JSON with these characters escaped.
    return text.replaceAll(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
  };
  const parse = (text: string): JsonMessage => JSON.parse(text) as JsonMessage;
  return {
    call: send,
    aggregate: (unit, messages) => send(unit, "aggregate", `[${messages.join(",")}]`),
    branchOf(reply) {
      const { ndarray, tensor } = parse(reply).data ?? {};
      return Number(tensor?.values[0] ?? ndarray?.flat()[0] ?? -1);
    },
    withRouting(reply, routing) {
      const message = parse(reply);
      if (message.meta === undefined) throw new Error("a reply has no meta");
      return JSON.stringify({ ...message, meta: { ...message.meta, routing } });
    },
    routingOf: (feedback) => parse(feedback).response?.meta?.routing ?? {},
  };
}

/** A message as the loader of the `.proto` shows it. */
export interface ProtoMessage {
  readonly data?: {
    readonly tensor?: { readonly shape?: readonly number[]; readonly values: readonly number[] };
    readonly ndarray?: { readonly values: readonly ProtoValue[] };
  };
  readonly meta?: { readonly routing?: Readonly<Record<string, number>> };
  readonly response?: ProtoMessage;
  readonly [name: string]: unknown;
}

interface ProtoValue {
  readonly numberValue?: number;
  readonly listValue?: { readonly values: readonly ProtoValue[] };
}

const METHODS: Readonly<Record<Step, readonly [service: string, method: string]>> = {
  predict: ["Model", "Predict"],
  transformInput: ["Transformer", "TransformInput"],
  transformOutput: ["OutputTransformer", "TransformOutput"],
  route: ["Router", "Route"],
  aggregate: ["Combiner", "Aggregate"],
  // Also that of routers.
  feedback: ["Model", "SendFeedback"],
};

/** The same over gRPC; metadata of the outer call goes to every component. Close it when done. */
export function grpcWire(metadata: Readonly<Record<string, string>>): ExecutorWire<ProtoMessage> & { close(): void } {
  const clients = new Map<string, GrpcTestClient>();
  const clientOf = ({ server }: Unit, service: string): GrpcTestClient => {
    const key = `${server.grpcAddress} ${service}`;
    const client = clients.get(key) ?? grpcClient(server.grpcAddress, "seldon.proto", `seldon.protos.${service}`);
    clients.set(key, client);
    return client;
  };
  const send = async (unit: Unit, step: Step, message: object): Promise<ProtoMessage> => {
    const [service, method] = METHODS[step];
    const { code, details, messages } = await clientOf(unit, service).call<ProtoMessage>(method, [message], {
      metadata,
    });
    const [reply] = messages;
    if (code !== 0 || reply === undefined) throw new Error(`${unit.name} ${step}: ${code} ${details}`);
    return reply;
  };
  return {
    call: send,
    aggregate: (unit, seldonMessages) => send(unit, "aggregate", { seldonMessages }),
    branchOf({ data }) {
      const first = data?.ndarray?.values[0];
      return data?.tensor?.values[0] ?? first?.numberValue ?? first?.listValue?.values[0]?.numberValue ?? -1;
    },
    withRouting(reply, routing) {
      // The executor fails at a reply without meta.
      if (reply.meta === undefined || reply.meta === null) throw new Error("a reply has no meta");
      return { ...reply, meta: { ...reply.meta, routing } };
    },
    routingOf: ({ response }) => response?.meta?.routing ?? {},
    close: () => clients.forEach((client) => client.close()),
  };
}
