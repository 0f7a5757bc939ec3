import { stripVTControlCharacters } from "node:util";
import { INSTALL_COMMAND } from "../dockerfile.ts";

/** Why a build failed, out of what the engine's client wrote: apt's own words where it was the installation of packages, else the last words of the engine. */
export function failureReason(output: string): string {
  const lines = stripVTControlCharacters(output).replaceAll("\r", "").replaceAll(PROGRESS, "").trim().split("\n");
  const reason = lines.findLast((line) => /^(?:ERROR|Error|error)\b/.test(line)) ?? lines.at(-1) ?? "";
  const isInstallation = reason.includes(INSTALL_COMMAND);
  return (isInstallation ? aptReason(lines) : undefined) ?? reason.replace(/^(?:ERROR|Error|error): /, "").trim();
}

/**
 * apt's progress. It stands on the other stream than its errors, which it writes in pieces ("E: ", the text, the end of the line): engines join the two as they come,
 * so that it may stand in front of an error, within one or behind it.
 */
const PROGRESS = /(?:Reading package lists|Building dependency tree|Reading state information)\.\.\.(?: Done)?\n?/g;

/** BuildKit has the step and its seconds before each line. Source: apt-get(8), which marks warnings and errors. */
const WARNING = /^(?:#\d+ [\d.]+ )*W: Failed to fetch (?<told>.+)$/;
const ERROR = /^(?:#\d+ [\d.]+ )*E: (?<told>.+)$/;
const NO_APT = /\bapt-get: (?:command )?not found\b/;

/** A list that can't be fetched is a warning to apt, and then the package is what it does not find. */
function aptReason(lines: readonly string[]): string | undefined {
  if (lines.some((line) => NO_APT.test(line))) {
    return "image.packages need a base with apt-get, and this one has none";
  }
  const unfetched = first(lines, WARNING);
  if (unfetched !== undefined) {
    return `apt-get can't fetch ${unfetched}: check the base's apt sources, and whether the build needs --network host`;
  }
  const error = first(lines, ERROR);
  return error === undefined ? undefined : `apt-get says "${error}": check image.packages and the base's apt sources`;
}

function first(lines: readonly string[], form: RegExp): string | undefined {
  return lines.flatMap((line) => form.exec(line.trimEnd())?.groups?.["told"] ?? [])[0]?.replaceAll(/\s+/g, " ");
}
