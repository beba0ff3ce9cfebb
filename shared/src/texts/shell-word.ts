/** A text as one word of a POSIX shell, in quotes unless every character is safe in every shell. */
export function shellWord(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
