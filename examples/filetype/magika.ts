/** The part of magika's config.min.json that its verdicts depend on. Source: magika 1.0.3, model standard_v3_3. */
export interface MagikaConfig {
  readonly beg_size: number;
  readonly end_size: number;
  readonly block_size: number;
  readonly padding_token: number;
  readonly min_file_size_for_dl: number;
  readonly medium_confidence_threshold: number;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly overwrite_map: Readonly<Record<string, string>>;
  readonly target_labels_space: readonly string[];
}

/** Magika's content_types_kb.min.json: what is known of each label. */
export type ContentTypes = Readonly<Record<string, { readonly mime_type: string | null; readonly is_text: boolean }>>;

/** What magika says of a file. */
export interface Verdict {
  readonly label: string;
  readonly mimeType: string;
  readonly modelLabel: string;
  /** 0 to 1. */
  readonly score: number;
  readonly overwriteReason: "none" | "low_confidence" | "overwrite_map";
}

/**
 * The network's input: the first block without its leading white space, then the last block without its trailing white space, right-aligned, both padded.
 *
 * Undefined for content that is too short for the network.
 */
export function featuresOf(content: Uint8Array, config: MagikaConfig): Int32Array | undefined {
  if (content.length < config.min_file_size_for_dl) return undefined;
  const size = Math.min(config.block_size, content.length);
  const head = content.subarray(0, size);
  const tail = content.subarray(content.length - size);
  const begin = head
    .subarray(head.findIndex(isSolid) === -1 ? size : head.findIndex(isSolid))
    .subarray(0, config.beg_size);
  const end = tail.subarray(0, tail.findLastIndex(isSolid) + 1).subarray(-config.end_size);
  const features = new Int32Array(config.beg_size + config.end_size).fill(config.padding_token);
  features.set(begin);
  if (tail.findLastIndex(isSolid) >= 0) features.set(end, features.length - end.length);
  return features[config.min_file_size_for_dl - 1] === config.padding_token ? undefined : features;
}

/** The verdict on content that the network is not asked about: empty, text or unknown. */
export function verdictWithoutModel(content: Uint8Array, config: MagikaConfig, types: ContentTypes): Verdict {
  const label = content.length === 0 ? "empty" : isUtf8(content.subarray(0, config.block_size)) ? "txt" : "unknown";
  return { label, mimeType: mimeTypeOf(label, types), modelLabel: "undefined", score: 1, overwriteReason: "none" };
}

/** The verdict from the network's scores, one for each label; an unsure one falls back to text or unknown. */
export function verdictOf(scores: Float32Array, config: MagikaConfig, types: ContentTypes): Verdict {
  const best = scores.reduce((found, score, index) => (score > (scores[found] ?? 0) ? index : found), 0);
  const modelLabel = config.target_labels_space[best] ?? "unknown";
  const score = scores[best] ?? 0;
  const mapped = config.overwrite_map[modelLabel] ?? modelLabel;
  const isSure = score >= (config.thresholds[modelLabel] ?? config.medium_confidence_threshold);
  const label = isSure ? mapped : types[mapped]?.is_text === true ? "txt" : "unknown";
  const overwriteReason = label === modelLabel ? "none" : isSure ? "overwrite_map" : "low_confidence";
  return { label, mimeType: mimeTypeOf(label, types), modelLabel, score: Math.min(1, score), overwriteReason };
}

/** Python's bytes.strip(): space, tab, line feed, vertical tab, form feed, carriage return. */
function isSolid(byte: number): boolean {
  return byte !== 32 && (byte < 9 || byte > 13);
}

function isUtf8(content: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}

function mimeTypeOf(label: string, types: ContentTypes): string {
  const type = types[label];
  return type?.mime_type ?? (type?.is_text === true ? "text/plain" : "application/octet-stream");
}
