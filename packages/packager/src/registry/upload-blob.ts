import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Descriptor } from "../oci/types.ts";
import type { ResolvedRegistryOptions } from "./registry-options.ts";
import type { RegistrySession } from "./registry-session.ts";
import { askPlace, beginUpload, commitUpload, sendPart, type UploadPlace, type UploadSource } from "./upload-calls.ts";
import { withRetries } from "./with-retries.ts";

/** How a blob came to be in a registry. */
export type UploadOutcome = "present" | "mounted" | "sent";

/** Of an upload in parts: below what common proxies in front of registries take, and not so small that the round trips count. */
const PART_BYTES = 16 * 1024 * 1024;
/** Blobs up to this size are sent in one piece: it saves a round trip, and little is lost when it breaks off. */
const SMALL_BYTES = 1024 * 1024;

/**
 * Brings a blob into a repository unless it is there.
 *
 * An upload that breaks off goes on where the registry says that it is; with a registry that takes no parts the blob is sent whole.
 * Source: OCI Distribution 1.1, "Pushing blobs".
 */
export async function uploadBlob(
  session: RegistrySession,
  blob: Descriptor,
  setup: {
    readonly blobs: BlobStore;
    readonly options: ResolvedRegistryOptions;
    /** Another repository of the same registry that may have the blob. */
    readonly mountFrom: string | undefined;
  },
): Promise<UploadOutcome> {
  const { blobs, options, mountFrom } = setup;
  const tell = (doneBytes: number): void =>
    options.onEvent({ kind: "bytes", task: "push", name: blob.digest, doneBytes, totalBytes: blob.size });
  const path = await blobs.find(blob.digest);
  tell(0);
  if (await isThere(session, blob)) {
    tell(blob.size);
    return "present";
  }
  if (path === undefined) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `the blob ${blob.digest} is neither in the registry nor on this machine`,
    );
  }
  const upload = createUpload({ session, blob, path, tell }, mountFrom);
  const outcome = await withRetries(upload.run, options, upload.mostBytes);
  tell(blob.size);
  return outcome;
}

async function isThere(session: RegistrySession, blob: Descriptor): Promise<boolean> {
  const what = `the blob ${blob.digest}`;
  return session.fetch({ method: "HEAD", url: `blobs/${blob.digest}`, expect: [200, 404], what }, async (reply) => {
    await reply.drop();
    return reply.status === 200;
  });
}

interface Upload {
  /** Goes on from where the last run broke off. */
  run(): Promise<UploadOutcome>;
  /** The most that the registry ever had. */
  mostBytes(): number;
}

/** Moves: begun → parts accepted → committed. After a break the registry is asked how far it is; once it has refused a part, all begins anew as one piece. */
function createUpload(source: UploadSource, mountFrom: string | undefined): Upload {
  const { session, blob } = source;
  let place: UploadPlace | undefined;
  let hasBegun = false;
  let isWhole = blob.size <= SMALL_BYTES;
  let most = 0;
  let wasMisplaced = false;

  const sendParts = async (begun: UploadPlace): Promise<UploadPlace> => {
    let at = begun;
    while (at.offset < blob.size) {
      const end = Math.min(at.offset + Math.max(PART_BYTES, at.minPartBytes), blob.size);
      const next = await sendPart(source, at, end);
      if (next === "misplaced" && !wasMisplaced) {
        // What broke off was still arriving when the registry was asked how far it is: it is asked again.
        wasMisplaced = true;
        throw new ServingError("UNAVAILABLE", `the blob ${blob.digest}: ${session.root.host} has another part of it`);
      }
      isWhole = typeof next === "string";
      place = typeof next === "string" ? undefined : next;
      if (typeof next === "string" || next.offset <= at.offset) {
        throw new ServingError("UNAVAILABLE", `the blob ${blob.digest}: ${session.root.host} takes no parts of it`);
      }
      at = next;
      most = Math.max(most, at.offset);
    }
    return at;
  };
  return {
    mostBytes: () => most,
    async run() {
      // What broke off may have been the answer alone.
      if (hasBegun && (await isThere(session, blob))) return "sent";
      const known = place === undefined || isWhole ? undefined : await askPlace(source, place);
      const begun = known ?? (await beginUpload(source, hasBegun ? undefined : mountFrom));
      if (begun === "mounted") return "mounted";
      place = begun;
      hasBegun = true;
      await commitUpload(source, isWhole ? begun : await sendParts(begun));
      return "sent";
    },
  };
}
