/**
 * Decodes base64url without padding (RFC 7515, section 2), undefined for anything else.
 *
 * Node's own decoder skips spaces and padding, takes the other alphabet and ignores stray last bits: one token could be written in many ways, and a
 * record of the one refused would not find the other.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const tail = text.length % 4;
  if (tail === 1 || !ALPHABET.test(text)) return undefined;
  // 2 characters carry 8 bits and 4 stray ones, 3 carry 16 and 2: an encoder writes those as 0.
  const isCanonical = tail === 0 || (CODES.indexOf(text.charAt(text.length - 1)) & (tail === 2 ? 0b1111 : 0b11)) === 0;
  return isCanonical ? Buffer.from(text, "base64url") : undefined;
}

const ALPHABET = /^[A-Za-z0-9_-]*$/;
const CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
