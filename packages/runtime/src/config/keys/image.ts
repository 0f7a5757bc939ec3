import type { KeyRow } from "../key-row.ts";
import { listOf, mapOf } from "../key-types-collections.ts";
import { projectPath } from "../key-types-files.ts";
import { text } from "../key-types.ts";

/** Keys about the image that `bento-ts build` makes; their values end in a Dockerfile, so each has a narrow form. */
export const IMAGE_KEYS = {
  "image.base": {
    type: text({
      label: 'an image reference such as "debian:12-slim"',
      pattern: "^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}$",
    }),
    default: "debian:12-slim",
    reason:
      "small, with glibc, libstdc++, a shell and security updates until 2028; `--base-image` names another for a build",
    doc: "Base image: a Linux with glibc 2.28 or newer, libstdc++ and a shell. With `@sha256:…` it is always the same one; without a way to Docker Hub, a mirror's name such as `registry.example.com/debian:12-slim`.",
  },
  "image.packages": {
    type: listOf(
      text({
        label: 'a Debian package such as "libgomp1" or "libgomp1=12.2.0-14"',
        pattern: "^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?$",
      }),
      {
        label: "Debian packages",
        sample: '["libgomp1"]',
      },
    ),
    default: [],
    reason: "the runtime needs none",
    doc: "Debian packages that the service needs beside the runtime.",
  },
  "image.env": {
    type: mapOf(text({ label: "a text on one line", pattern: "^[^\\u0000-\\u001f\\u007f]{0,4096}$" }), {
      label: "variable names to texts",
      names: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$", label: "a variable's name of letters, digits and _" },
      sample: '{"TZ":"UTC"}',
    }),
    default: {},
    reason: "the runtime needs none",
    doc: "Environment variables of the image. Everybody who has the image can read them: no secrets.",
    secret: true,
  },
  "image.scripts": {
    type: listOf(projectPath("a file"), { label: "paths", sample: '["setup.sh"]' }),
    default: [],
    reason: "the runtime needs none",
    doc: "Scripts of the project that run as root when a container engine builds the image, in this order, after `image.packages` are installed and before anything else is copied: by what their first line names (`#!`), else by `/bin/sh -e`. They stay in the image, under `/app/scripts`.",
  },
  "image.files": {
    type: listOf(projectPath("a file, folder or glob"), { label: "paths", sample: '["labels.json"]' }),
    default: [],
    reason: "code and models are found by themselves",
    doc: "Further files of the project to put into the image.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
