/** The most similar name to `text`, for "did you mean"; undefined if none is similar. Ignores case, `-`, `_` and `.`. */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  return nearNames(text, names)[0]
}

/** The names that are similar to `text`, the most similar name first. Ignores case, `-`, `_` and `.`. */
export function nearNames(text: string, names: readonly string[]): readonly string[] {
  const wanted = bare(text)
  const maxDistance = Math.max(1, Math.floor(wanted.length / 3))
  return names
    .map((name) => ({ name, distance: editDistance(wanted, bare(name)) }))
    .filter(({ distance }) => distance <= maxDistance)
    .toSorted((a, b) => a.distance - b.distance)
    .map(({ name }) => name)
}

function bare(name: string): string {
  return name.slice(0, 100).toLowerCase().replaceAll(/[-_.]/g, '')
}

/** The number of inserted, deleted and changed characters between two texts. [Levenshtein] */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, left] of a.split('').entries()) {
    const next = [i + 1]
    for (const [j, right] of b.split('').entries()) {
      const changed = (row[j] ?? 0) + (left === right ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
