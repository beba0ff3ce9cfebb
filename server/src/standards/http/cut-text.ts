/**
 * The first `maxLength` UTF-16 code units of a text, without the half of a character at the end. A longer text ends with
 * `mark`, which is not counted.
 */
export function cutText(text: string, maxLength: number, mark = ''): string {
  return text.length <= maxLength ? text : text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '') + mark
}
