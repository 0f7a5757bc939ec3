import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readPipSettings } from "./pip-settings.ts";

describe("readPipSettings", () => {
  it("goes to PyPI where nothing is set", async () => {
    const { indexes } = await readPipSettings({ PIP_CONFIG_FILE: "/dev/null" });
    expect(indexes).toEqual(["https://pypi.org/simple"]);
  });

  it("reads a configuration file: [download] above [global], values of several lines, comments left out", async () => {
    const file = await configFile(
      "[global]\n# a comment\nindex-url = https://one.example/simple\nextra_index_url =\n    https://two.example/simple\n    https://three.example/simple\ncert: /etc/ca.pem\n[download]\nindex-url = https://four.example/simple\n[install]\nproxy = http://not-for-us:1\n",
    );
    expect(await readPipSettings({ PIP_CONFIG_FILE: file })).toEqual({
      indexes: ["https://four.example/simple", "https://two.example/simple", "https://three.example/simple"],
      caFile: "/etc/ca.pem",
      proxy: undefined,
    });
  });

  it("lets the environment win", async () => {
    const file = await configFile("[global]\nindex-url = https://one.example/simple\nproxy = http://proxy.example:1\n");
    const env = { PIP_CONFIG_FILE: file, PIP_INDEX_URL: "https://env.example/simple", PIP_CERT: "/ca.pem" };
    expect(await readPipSettings(env)).toEqual({
      indexes: ["https://env.example/simple"],
      caFile: "/ca.pem",
      proxy: "http://proxy.example:1",
    });
  });
});

async function configFile(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "bento-pip-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, "pip.conf"), text);
  return join(dir, "pip.conf");
}
