import type { GraphHandler } from './call.ts'

/**
 * What a caller must have: `visible` lets everybody in who is signed in, and the handler shows only what is the caller's
 * own, or all to a directory owner and a directory reader; `self` lets everybody in too, to what they may do to themselves;
 * `application-owner` is an owner of the application in the path, `group-owner` is an owner of the group in the path, or for
 * both a directory owner.
 */
export type GraphNeed = 'visible' | 'self' | 'application-owner' | 'group-owner' | 'directory-owner'

/** A row of the Graph surface's table. */
export type GraphRow = {
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly need: GraphNeed
  readonly handle: GraphHandler
}
