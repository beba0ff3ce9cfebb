/** A block of the chain by its number and hash. A saved checkpoint shows later whether the log before it was changed or truncated. */
export type Checkpoint = { readonly number: number; readonly hash: string }

/** Parses `NUMBER:HASH`. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, number, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? []
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash }
}

/** Formats as `NUMBER:HASH`. */
export function formatCheckpoint({ number, hash }: Checkpoint): string {
  return `${number}:${hash}`
}
