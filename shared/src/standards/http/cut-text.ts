/**
 * The first `maxLength` UTF-16 code units of a text, without a lone surrogate at the end. If the text is longer, `mark` is
 * added, which `maxLength` does not include.
 */
export function cutText(text: string, maxLength: number, mark = ''): string {
  return text.length <= maxLength ? text : text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '') + mark
}
