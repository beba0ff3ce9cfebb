import type { Holding, Loss, Where } from './held.ts'

/** What a principal was granted, and how it is revoked. */
export interface Given {
  /** All of it works before the revocation, and is denied afterwards. */
  readonly held: Holding | readonly Holding[]
  /** Credentials that work only once, so they are not tried before the revocation. They are denied afterwards. */
  readonly once?: Holding
  /** What stays valid. */
  readonly kept?: Holding
  /** Changes the field in the way in which a person can change it. */
  readonly take: () => Promise<unknown>
  /** The first registry, unless another is named. */
  readonly where?: Where
}

/** One way in which authority ends. */
export interface Revocation {
  /** A description of the change, as the end of a sentence. */
  readonly when: string
  /**
   * The only changes of the database that it causes: `table` for deleted rows, `table.column` for a changed value.
   *
   */
  readonly fields: readonly string[]
  readonly loss: Loss
  readonly give: () => Promise<Given>
}
