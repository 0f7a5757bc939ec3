/** What a heap orders. It writes these fields; nobody else does. */
export interface Flow {
  start: number;
  /** Of two that start at once the one that came first is first. */
  order: number;
  isListed: boolean;
}

/** Flows by their start. */
export interface FlowHeap<F extends Flow> {
  /** Lists a flow that is not listed. */
  push(flow: F, start: number): void;
  /** Takes the flow that starts first off the list. */
  pop(): F | undefined;
  clear(): void;
}

/** Makes an empty binary heap. */
export function createFlowHeap<F extends Flow>(): FlowHeap<F> {
  const flows: F[] = [];
  let orders = 0;
  const put = (flow: F, at: number): void => void (flows[at] = flow);

  function rise(flow: F, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = flows[above];
      if (parent === undefined || !isBefore(flow, parent)) break;
      put(parent, at);
      at = above;
    }
    put(flow, at);
  }
  function sink(flow: F): void {
    let at = 0;
    while (true) {
      const left = 2 * at + 1;
      const [first, second] = [flows[left], flows[left + 1]];
      if (first === undefined) break;
      const [child, below] = second !== undefined && isBefore(second, first) ? [second, left + 1] : [first, left];
      if (!isBefore(child, flow)) break;
      put(child, at);
      at = below;
    }
    put(flow, at);
  }

  return {
    push(flow, start) {
      flow.start = start;
      flow.order = orders += 1;
      flow.isListed = true;
      rise(flow, flows.length);
    },
    pop() {
      const [top] = flows;
      const last = flows.pop();
      if (top === undefined || last === undefined) return undefined;
      if (flows.length > 0) sink(last);
      top.isListed = false;
      return top;
    },
    clear() {
      for (const flow of flows.splice(0)) flow.isListed = false;
    },
  };
}

function isBefore(one: Flow, other: Flow): boolean {
  return one.start < other.start || (one.start === other.start && one.order < other.order);
}
