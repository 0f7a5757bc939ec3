/** Lets the command end in silence when the reader of its output has left, as in `bento-ts models list | head -1`. */
export function survivePipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  }
}

/** Ends the process once its output is written, also when a service that was only listed holds a timer or a connection open. */
export function endProcess(): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit()));
}
