/** What a build tells while it works. */
export type BuildEvent =
  /** A step begins: a few words. */
  | { readonly kind: "step"; readonly text: string }
  /** A line of another program's. */
  | { readonly kind: "line"; readonly text: string }
  /** How far a long task is; the first of a task has `doneBytes` 0, the last has both equal. */
  | {
      readonly kind: "bytes";
      readonly task: "layer" | "pull" | "push";
      /** What is worked on: a layer's name, a digest. */
      readonly name: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
    };

/** Told of a build's progress; must not throw. */
export type OnBuildEvent = (event: BuildEvent) => void;
