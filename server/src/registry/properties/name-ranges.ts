import type { RepositoryView } from '../protocol/ports.ts'
import type { NameRange } from './list-repositories-store.ts'

/** The maximum number of names in one read. */
const namesAtOnce = 300

/** The pattern of the names of repositories. A text with other characters matches no name. */
const namePattern = /^[a-z0-9._/-]*$/

/** Returns the candidates as disjoint ranges, in the order of names. The name of a repository is in at most one range. */
export function nameRanges(candidates: RepositoryView['candidates']): NameRange[] {
  if (candidates === 'any') return [{ kind: 'all' }]
  const prefixes = outermost(candidates.prefixes.filter((prefix) => namePattern.test(prefix)))
  if (prefixes[0] === '') return [{ kind: 'all' }]
  const names = [...new Set(candidates.names)].filter((name) => namePattern.test(name) && !isBelow(prefixes, name))
  const sorted = [
    ...prefixes.map((text) => ({ text, isPrefix: true })),
    ...names.map((text) => ({ text, isPrefix: false })),
  ].sort((one, other) => compareTexts(one.text, other.text))
  const ranges: NameRange[] = []
  let run: string[] = []
  const endRun = () => {
    if (run.length > 0) ranges.push({ kind: 'names', names: run })
    run = []
  }
  for (const { text, isPrefix } of sorted) {
    if (isPrefix || run.length === namesAtOnce) endRun()
    if (isPrefix) ranges.push({ kind: 'prefix', prefix: text })
    else run.push(text)
  }
  endRun()
  return ranges
}

/** Returns the prefixes that do not begin with another prefix, in order. */
function outermost(prefixes: readonly string[]): string[] {
  const kept: string[] = []
  for (const prefix of [...new Set(prefixes)].sort(compareTexts)) {
    const last = kept.at(-1)
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix)
  }
  return kept
}

/** Whether a name begins with one of the sorted prefixes. No prefix begins with another prefix. */
function isBelow(prefixes: readonly string[], name: string): boolean {
  let low = 0
  let high = prefixes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareTexts(prefixes[middle] ?? '', name) <= 0) low = middle + 1
    else high = middle
  }
  const candidate = prefixes[low - 1]
  return candidate !== undefined && name.startsWith(candidate)
}

/** All characters are in ASCII, so this order is the order of the bytes. */
function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
