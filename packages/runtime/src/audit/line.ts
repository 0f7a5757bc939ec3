/** Longest text of one field, in characters: a caller can't fill the disk with one header. */
const MAX_TEXT = 1024;
/** Of what names a program or a credential: these are short. */
const MAX_NAME = 256;

/** A text that someone else wrote, cut at 1 KiB. */
export function cutText(text: string): string {
  return cut(text, MAX_TEXT);
}

/** A name that someone else wrote, cut at 256 characters. */
export function cutName(text: string): string {
  return cut(text, MAX_NAME);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

/** One record as one line, its end included, from its JSON. That escapes C0 control characters only; terminals obey C1 as well, some readers of lines end them at U+2028, and marks of direction show a text as another. */
export function toLine(text: string): string {
  return UNSAFE.test(text) ? `${text.replace(ALL_UNSAFE, escapeCharacter)}\n` : `${text}\n`;
}

const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const ALL_UNSAFE = new RegExp(UNSAFE, "g");

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
