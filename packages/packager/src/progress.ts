/** What a build tells while it works. */
export type BuildEvent =
  /** A step begins: a few words. */
  | { readonly kind: "step"; readonly text: string }
  /** A line of another program's. */
  | { readonly kind: "line"; readonly text: string }
  /** How far a long task is; the first of a task has `doneBytes` 0, the last has both equal. */
  | {
      readonly kind: "bytes";
      readonly task: "hash" | "layer" | "pull" | "push";
      /** What is worked on: a layer's name, a digest, what is hashed. */
      readonly name: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  /** The same of a task that is counted in files. */
  | {
      readonly kind: "files";
      readonly task: "bundle";
      /** What the files are of. */
      readonly name: string;
      readonly doneFiles: number;
      readonly totalFiles: number;
    };

/** Told of a build's progress; must not throw. */
export type OnBuildEvent = (event: BuildEvent) => void;
