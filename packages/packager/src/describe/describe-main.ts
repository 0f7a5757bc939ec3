// A process of its own: it runs the author's code and the whole runtime, which the packager never loads.
interface DescribeRequest {
  /** URL of the runtime's server entry, as the project has it installed. */
  readonly server: string;
  readonly file: string;
  readonly baseDir: string;
  readonly storeDir: string;
}

const request: DescribeRequest = JSON.parse(process.argv[2] ?? "{}");

function answer(message: object): void {
  // A timer or connection that the author's module opened must not keep this process.
  process.send?.(message, undefined, undefined, () => process.exit(0));
}

try {
  const server = await import(request.server);
  answer({ description: await server.describeService(request.file, request) });
} catch (thrown) {
  answer({ failure: thrown instanceof Error ? thrown.message : String(thrown) });
}

export {};
