/** Choices that are the same again for the same seed. */
export interface Seeded {
  readonly seed: number
  /** From 0 up to, but not including, 1. */
  next(): number
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  /** One element of the list, which must not be empty. */
  pick<Item>(list: readonly Item[]): Item
  /** True with this probability in per cent. */
  chance(percent: number): boolean
  /** The list in another order. */
  shuffle<Item>(list: readonly Item[]): Item[]
}

/** A generator for the seed that `ACRUX_TEST_SEED` names, or for one of the moment. [mulberry32] */
export function seeded(): Seeded {
  const named = process.env['ACRUX_TEST_SEED']
  const seed = named === undefined ? Date.now() >>> 0 : Number(named) >>> 0
  let state = seed
  const next = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  const pick = <Item>(list: readonly Item[]): Item => list[between(0, list.length - 1)] as Item
  const shuffle = <Item>(list: readonly Item[]): Item[] =>
    list
      .map((item) => ({ item, key: next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item)
  return { seed, next, between, pick, chance: (percent) => next() * 100 < percent, shuffle }
}

/** How to repeat a failure. */
export function repeatWith({ seed }: Seeded): string {
  return `repeat it with ACRUX_TEST_SEED=${seed}`
}
