import { createRequire } from "node:module";
import type * as Pino from "pino";
import { prettyLine } from "./pretty-line.ts";
import { redactFields, redactText } from "./redact.ts";

/** Verbosity, most talkative first; a name of the configuration. */
export type LogLevel = (typeof LEVELS)[number];

const LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;

/** Writes one line: facts and what happened, or what happened alone. */
export type LogMethod = (facts: object | string, message?: string) => void;

/**
 * One logger a process. Facts are cut to a bounded size, and values under names that hold secrets are left out, at any depth; an error
 * stands under `err` with its causes.
 */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger whose lines carry these facts too. */
  child(facts: Readonly<Record<string, unknown>>): Logger;
  level(): string;
  /** For this logger, its parents and children alike; an unknown name is left out. */
  setLevel(level: string): void;
}

/** Where lines go; each is one write, so that lines of several processes never mix. */
export interface LogDestination {
  write(line: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** auto: pretty on a terminal, else JSON. */
  readonly format: "auto" | "json" | "pretty";
  /** Facts on every line, such as the worker's number. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Standard output when left out. */
  readonly destination?: LogDestination;
}

/** Creates the logger of a process. Lines are written at once and in full, so nothing is lost when the process ends. */
export function createLogger(options: LoggerOptions): Logger {
  let root: Pino.Logger | undefined;
  return wrap({ level: options.level }, () => (root ??= createRoot(options)));
}

/** Made by the first line: the library takes a tenth of a small server's start to load, and a worker that starts in order has nothing to say. */
function createRoot(options: LoggerOptions): Pino.Logger {
  const { pino }: typeof Pino = createRequire(import.meta.url)("pino");
  const isTerminal = options.destination === undefined && process.stdout.isTTY;
  const isPretty = options.format === "pretty" || (options.format === "auto" && isTerminal);
  // Synchronous: a buffer would be torn when several workers write to one pipe, and lost when one is killed.
  const output = options.destination ?? pino.destination({ fd: 1, sync: true });
  const target = isPretty ? prettyTo(output, isTerminal && process.env.NO_COLOR === undefined) : output;
  return pino(
    {
      // What passes here was let through by our own level.
      level: "trace",
      // No host name: it tells a reader of the logs nothing that the platform does not, and leaks it elsewhere.
      base: redactFields({ pid: process.pid, ...options.facts }),
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: "message",
      errorKey: "err",
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      // Errors were made plain before pino sees them.
      serializers: { err: (value: unknown) => value },
    },
    target,
  );
}

/** `threshold` is that of all; `own` is made by the first line that is written, since most calls write none. */
function wrap(threshold: { level: LogLevel }, own: () => Pino.Logger): Logger {
  const method =
    (level: Exclude<LogLevel, "silent">): LogMethod =>
    (facts, message) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(threshold.level)) return;
      const logger = own();
      if (typeof facts === "string") logger[level](redactText(facts));
      else logger[level](facts instanceof Error ? { err: facts } : facts, redactText(message ?? messageFrom(facts)));
    };
  return {
    trace: method("trace"),
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
    child(facts) {
      let made: Pino.Logger | undefined;
      return wrap(threshold, () => (made ??= own().child(redactFields(facts))));
    },
    level: () => threshold.level,
    setLevel(level) {
      if (isLevel(level)) threshold.level = level;
    },
  };
}

function isLevel(name: string): name is LogLevel {
  return LEVELS.some((level) => level === name);
}

/** pino would take an error's message as it is. */
function messageFrom(facts: object): string {
  if (facts instanceof Error) return facts.message;
  return "err" in facts && facts.err instanceof Error ? facts.err.message : "";
}

function prettyTo(output: LogDestination, isColored: boolean): LogDestination {
  return { write: (line) => output.write(prettyLine(line, { isColored })) };
}
