/** What a text in the palette asks for. */
export type PaletteQuery = {
  readonly kind: 'all' | 'actions' | 'people' | 'tags'
  readonly text: string
}

const prefixes = { '>': 'actions', '@': 'people', ':': 'tags' } as const

/** Reads the prefix of a text: `>` for actions, `@` for people, `:` for tags. */
export function parsePaletteText(typed: string): PaletteQuery {
  const kind = prefixes[typed.charAt(0) as keyof typeof prefixes]
  return kind === undefined ? { kind: 'all', text: typed.trim() } : { kind, text: typed.slice(1).trim() }
}

/** The text before the first match, the match, and the text after it. Undefined without a match. Ignores case. */
export function matchParts(label: string, text: string): readonly [string, string, string] | undefined {
  const start = label.toLowerCase().indexOf(text.toLowerCase())
  if (start < 0) return undefined
  const end = start + text.length
  return [label.slice(0, start), label.slice(start, end), label.slice(end)]
}

/** Names that contain a text: those that begin with it first, then those in which a part of the path does. */
export function bestMatches(names: readonly string[], text: string, maxNames: number): readonly string[] {
  const wanted = text.toLowerCase()
  const rankOf = (name: string) => {
    const at = name.toLowerCase().indexOf(wanted)
    return at < 0 ? undefined : at === 0 ? 0 : /[/._-]/.test(name.charAt(at - 1)) ? 1 : 2
  }
  return [...new Set(names)]
    .flatMap((name) => {
      const rank = rankOf(name)
      return rank === undefined ? [] : [{ name, rank }]
    })
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, maxNames)
    .map(({ name }) => name)
}

/** The row that an arrow key selects, from the last row to the first one and back. */
export function movedTo(index: number, step: 1 | -1, count: number): number {
  return count === 0 ? 0 : (index + step + count) % count
}
