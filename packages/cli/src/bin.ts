#!/usr/bin/env node
// This file runs on any Node that knows modules: nothing is imported, and no newer syntax used, before the version is known.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 12)) {
  void import("./main.ts").then(({ main }) => main(process.argv.slice(2)));
} else {
  process.stderr.write(
    `bento-ts needs Node 22.12 or newer, this is ${process.versions.node}: install a newer one from https://nodejs.org\n`,
  );
  process.exitCode = 1;
}

export {};
