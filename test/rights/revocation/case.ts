import type { Holding, Loss, Where } from './held.ts'

/** What a principal was granted, and how it is revoked. */
export interface Given {
  /** All of it works, and is refused once it is taken. */
  readonly held: Holding | readonly Holding[]
  /** What works once, and is so not tried before: it is refused once it is taken. */
  readonly once?: Holding
  /** What stays valid. */
  readonly kept?: Holding
  /** Changes the field, by the way that a person has. */
  readonly take: () => Promise<unknown>
  /** The first registry, unless another is named. */
  readonly where?: Where
}

/** One way in which authority ends. */
export interface Revocation {
  /** What happens, as the end of a sentence. */
  readonly when: string
  /** What of the database is changed by it, and nothing else: `table` for rows that go, `table.column` for a value. */
  readonly fields: readonly string[]
  readonly loss: Loss
  readonly give: () => Promise<Given>
}
