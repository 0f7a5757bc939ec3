/** The blocks of one kind in a PEM text, each with its first and last line. Source: RFC 7468. */
export function pemBlocks(text: string, kind: "CERTIFICATE" | "X509 CRL"): readonly string[] {
  return text.match(new RegExp(`-----BEGIN ${kind}-----[\\s\\S]+?-----END ${kind}-----`, "g")) ?? [];
}

/** The bytes of a block. */
export function pemBytes(block: string): Buffer {
  return Buffer.from(block.replaceAll(/-----[^-]+-----/g, ""), "base64");
}
