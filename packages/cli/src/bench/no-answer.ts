import { type CommandError, failed } from "../command-error.ts";

/** What Node says behind a certificate whose authority it does not know. */
const NODES_ADVICE = /; if the root CA is installed locally.*$/;

/** The error of a server that gives no answer, with what to do where its certificate is the reason. */
export function noAnswer(url: URL, reason: string, cause?: unknown): CommandError {
  const advised = reason.replace(NODES_ADVICE, "; --ca names the authority to trust");
  return failed(`nothing answers at ${url.href}: ${advised}`, cause);
}
