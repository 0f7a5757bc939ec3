// npm run quickstart: serves the OCR example, sends it a picture, prints what it read and what to try next.
// On a terminal (or with --serve) the service stays until Ctrl-C; elsewhere it is stopped at the end.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { serve } from "../test/support/server-process.ts";

const { values } = parseArgs({
  options: { serve: { type: "boolean", default: false }, port: { type: "string", default: "3000" } },
});
const stay = values.serve || (process.stdout.isTTY && process.stdin.isTTY);
const say = (text = ""): void => void process.stdout.write(`${text}\n`);
const picture = "examples/ocr/samples/hello.png";

say("Starting the OCR service: two ONNX networks that read a line of text from a picture …");
const server = await serve("examples/ocr", { flags: ["--port", stay ? values.port : "0"] });
try {
  const form = new FormData();
  form.append("image", new Blob([await readFile(picture)], { type: "image/png" }), "hello.png");
  const response = await fetch(`${server.url}/read`, { method: "POST", body: form });
  if (!response.ok) throw new Error(`the service answered ${response.status}: ${await response.text()}`);
  const reading = (await response.json()) as { text: string; confidence: number };
  say();
  say(`  ${picture}  →  "${reading.text}"  (confidence ${reading.confidence.toFixed(3)})`);
  say();
  say("Try next:");
  say(`  curl -F image=@${picture} ${server.url}/read`);
  say(`  open ${server.url}/docs          Swagger UI`);
  say(`  curl ${server.adminUrl}/metrics  metrics`);
  say("  less examples/ocr/service.ts              the service itself");
  say("  npx bento-ts init my-service              a project of your own");
  if (stay) {
    say("\nThe service runs until Ctrl-C.");
    await new Promise<void>((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
      server.child.once("exit", () => resolve());
    });
  } else {
    say("\nThe service was stopped; `npm run quickstart -- --serve` leaves it running.");
  }
} finally {
  await server.stop();
}
