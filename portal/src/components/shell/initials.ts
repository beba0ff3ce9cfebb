/** One or two letters for a person: of the first and the last word of the name. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => /^\p{L}/u.test(word))
  const first = words[0]?.match(/^\p{L}/u)?.[0] ?? '?'
  const last = words.length > 1 ? (words.at(-1)?.match(/^\p{L}/u)?.[0] ?? '') : ''
  return `${first}${last}`.toUpperCase()
}
