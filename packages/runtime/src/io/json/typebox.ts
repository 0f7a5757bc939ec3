/**
 * All of TypeBox that this package runs, behind one module that a build can bundle: its seven hundred files took over 300 ms of CPU to load one by one, and 28 ms as
 * one file (Node 24, two busy cores, 2026-11-23, `process.cpuUsage` around an import).
 */
export { Type } from "typebox";
export { Compile as compileType } from "typebox/compile";
export { Compile as compileSchema } from "typebox/schema";
export { Settings } from "typebox/system";
export { HasCodec as hasCodec } from "typebox/value";
