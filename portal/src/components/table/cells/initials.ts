/** Two letters that stand for a name: of its first two words, or of its only word. */
export function initialsOf(name: string): string {
  const words = (name.split('@')[0] ?? '').split(/[^\p{Letter}\p{Number}]+/u).filter((word) => word !== '')
  const [first = [], second] = words.map((word) => Array.from(word))
  const letters = second === undefined ? first.slice(0, 2) : [first[0], second[0]]
  return letters.join('').toUpperCase()
}

/** One of some colors, always the same for a name. */
export function hueOf(name: string, count: number): number {
  return Array.from(name).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521, 7) % count
}
