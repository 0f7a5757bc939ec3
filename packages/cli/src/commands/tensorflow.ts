import type { CommandRow } from "../command.ts";
import { interruptible } from "../build/interruptible.ts";
import { report } from "../output.ts";
import { ARTIFACTS } from "../tensorflow/artifacts.ts";
import { installTensorFlow } from "../tensorflow/install-tensorflow.ts";
import { watchInstall } from "../tensorflow/watch-install.ts";

/** `bento-ts tensorflow`: the native TensorFlow of this machine. */
export const tensorflow: CommandRow = {
  name: "tensorflow",
  summary: "install the native TensorFlow library",
  examples: [
    ["bento-ts tensorflow install", "prepare it once for all projects of this user"],
    ["PIP_INDEX_URL=https://pypi.example.com/simple bento-ts tensorflow install", "the library from a mirror"],
  ],
  define(command) {
    command
      .command("install")
      .description("fetch libtensorflow, build the addon of @tensorflow/tfjs-node and keep both under BENTO_HOME")
      .option("--json", "print the result as JSON")
      .action(install);
  },
};

async function install({ json = false }: { readonly json?: boolean }): Promise<void> {
  const watcher = watchInstall();
  try {
    const installed = await interruptible(
      (signal) => installTensorFlow({ artifacts: ARTIFACTS, env: process.env, watcher, signal }),
      "interrupted: run the command again, it goes on with what was downloaded",
    );
    watcher.stop();
    report(installed, {
      json,
      human: ({ version, addonDir, wasThere }) => [
        wasThere
          ? `TensorFlow ${version} is there already: ${addonDir}`
          : `TensorFlow ${version} is ready: ${addonDir}`,
      ],
    });
  } finally {
    watcher.stop();
  }
}
