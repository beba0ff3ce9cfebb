/** A block of the chain by its number and hash. Whoever keeps one can tell later that nothing before it was rewritten or cut off. */
export type Checkpoint = { readonly number: number; readonly hash: string }

/** Reads `NUMBER:HASH`. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, number, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? []
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash }
}

/** Writes `NUMBER:HASH`. */
export function formatCheckpoint({ number, hash }: Checkpoint): string {
  return `${number}:${hash}`
}
