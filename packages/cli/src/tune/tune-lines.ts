import type { TunedModel, TuneFile, TuneMeasurement } from "@bento-ts/runtime/models-store";
import type picocolors from "picocolors";
import { type Bar, barChart } from "../bar-chart.ts";
import { columns, printable } from "../output.ts";

type Paint = ReturnType<typeof picocolors.createColors>;

/** What was measured, for people: of each model a table, a chart of what an item costs, and what was chosen. */
export function tuneLines({ machine, models }: TuneFile, paint: Paint): readonly string[] {
  const { cpuModel, cpus, cpusPerWorker } = machine;
  const where = `${cpuModel}, ${cpus} CPU${cpus === 1 ? "" : "s"}, ${cpusPerWorker} a worker`;
  return [paint.dim(printable(where)), ...models.flatMap((model) => ["", ...modelLines(model, paint)])];
}

function modelLines(model: TunedModel, paint: Paint): readonly string[] {
  const { choice, measurements, note } = model;
  const { threads, place, batch } = choice;
  const inChart = measurements.filter((one) => one.place === "inline" && one.threads === threads);
  const chosen = [
    `${threads} thread${threads === 1 ? "" : "s"}`,
    place === "inline" ? "inline" : "on an inference thread",
    ...(batch === null ? [] : [batch === 1 ? "no batches" : `batches of ${batch} at most`]),
  ];
  return [
    `${paint.bold(printable(model.model))}  ${printable(model.sample)}`,
    "",
    ...columns([HEAD, ...measurements.map(rowOf)], "  "),
    ...(inChart.length < 2
      ? []
      : [
          "",
          `  ms an item by the size of a batch, ${chosen[0]}`,
          ...barChart(inChart.map((one) => barOf(one, batch))),
        ]),
    "",
    `  ${paint.green(chosen.join(", "))}`,
    ...(note === null ? [] : [`  ${paint.yellow(printable(note))}`]),
  ];
}

const HEAD = ["place", "threads", "batch", "p50 ms", "p95 ms", "ms an item", "items/s"] as const;

function rowOf({ place, threads, batch, p50Ms, p95Ms }: TuneMeasurement): readonly string[] {
  return [place, String(threads), String(batch), ms(p50Ms), ms(p95Ms), ms(p50Ms / batch), perSecond(p50Ms / batch)];
}

function barOf({ batch, p50Ms }: TuneMeasurement, knee: number | null): Bar {
  const value = p50Ms / batch;
  return { label: String(batch), value, text: `${ms(value)}${batch === knee ? "  ← chosen" : ""}` };
}

/** Three digits that count. */
function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

function perSecond(itemMs: number): string {
  return itemMs > 0 ? Math.round(1000 / itemMs).toString() : "";
}
