/** Flags of `docker run` as a strict cluster has them: no way to write but /tmp, no capability, a user id that no image knows, half of a CPU. */
export const HARDENED: readonly string[] =
  "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --user 1000720000:0 --memory 512m --cpus 0.5".split(
    " ",
  );

/** What opens a server to everybody, in a container where nothing guards it. */
export const CONSENTS: readonly string[] = ["ALLOW_ANONYMOUS", "ALLOW_INSECURE_CONNECTIONS"].flatMap((key) => [
  "-e",
  `BENTO_SECURITY_${key}=true`,
]);
