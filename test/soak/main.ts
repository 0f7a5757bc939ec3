// npm run soak [-- --long] [--seed=N] [--calls=N]: what docs/performance.md says about a soak. Ends with 1 when a call is not accounted for.
import { fitLine } from "../bench/fit-line.ts";
import { soak } from "./soak.ts";

const numberOf = (flag: string): number | undefined => {
  const given = process.argv.find((argument) => argument.startsWith(`--${flag}=`));
  return given === undefined ? undefined : Number(given.slice(flag.length + 3));
};

const isLong = process.argv.includes("--long");
const seed = numberOf("seed") ?? Date.now() % 2 ** 31;
const callsPerProtocol = numberOf("calls") ?? (isLong ? 100_000 : 2_000);
const steps = isLong ? 20 : 4;

process.stdout.write(`seed ${seed}, ${callsPerProtocol} calls a protocol\n`);
const { worker, supervisor, faults, ...counts } = await soak({
  seed,
  callsPerProtocol,
  steps,
  onStep: (step) => process.stdout.write(`… step ${step + 1} of ${steps}\n`),
});
for (const [what, count] of Object.entries(counts)) process.stdout.write(`${what}: ${count}\n`);
for (const [name, holds] of Object.entries({ worker, supervisor })) {
  const mebibytes = holds.map(({ rssBytes }) => rssBytes / 2 ** 20);
  const half = mebibytes.slice(mebibytes.length >> 1);
  const { slope, noise } = fitLine(half);
  process.stdout.write(`${name}: ${mebibytes.map((one) => one.toFixed(0)).join(", ")} MiB; `);
  process.stdout.write(
    `second half ${(slope * half.length).toFixed(1)} MiB (two standard errors: ${(2 * noise * half.length).toFixed(1)}); `,
  );
  process.stdout.write(`open files ${holds.map(({ openFiles }) => openFiles).join(", ")}\n`);
}
for (const fault of faults) process.stdout.write(`FAULT ${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
