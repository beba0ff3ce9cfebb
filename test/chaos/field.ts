import { setTimeout as sleep } from 'node:timers/promises'
import { Client, isCut } from '../durability/client.ts'
import type { Random } from '../durability/random.ts'
import type { RunningServer } from '../harness/server.ts'

/** The observations in the rounds of one part. */
export interface Counts {
  rounds: number
  /** Acknowledged, each. */
  manifests: number
  blobs: number
  deletions: number
  restorations: number
  revocations: number
  /** Requests that began after the answer of a revocation, and were denied. */
  denied: number
  /** The longest time until every server worked again, from the moment at which the part was started again. */
  slowestMs: number
  readonly violations: string[]
}

/** Nothing was seen. */
export function noCounts(): Counts {
  const none = { rounds: 0, manifests: 0, blobs: 0, deletions: 0, restorations: 0, revocations: 0, denied: 0 }
  return { ...none, slowestMs: 0, violations: [] }
}

/** The data of the clients of a round. */
export interface Field {
  readonly servers: readonly [RunningServer, ...RunningServer[]]
  /** The value of `Authorization` of the owner. */
  readonly owner: string
  readonly random: Random
  /** Aborted at the end of the round. */
  readonly over: AbortSignal
  readonly counts: Counts
  /** Whether a response may say that a referenced object does not exist, or that a token has expired. */
  readonly mayExpire: boolean
}

/** A client of one of the servers. Dispose of it. */
export function someClient({ servers, owner, random }: Pick<Field, 'servers' | 'owner' | 'random'>): Client {
  return new Client(random.pick([...servers]), owner, 4, false)
}

/** Whether a request failed because a part was unavailable, so that its outcome is unknown. */
function isUnavailable(error: unknown, mayExpire: boolean): boolean {
  if (!(error instanceof Error)) return false
  return isCut(error) || (mayExpire ? /^status [45]\d\d\b/ : /^status 5\d\d\b/).test(error.message)
}

/**
 * Repeats a step until the round is over. A failure because a part is unavailable is ignored; any other failure is
 * recorded.
 */
export async function keepDoing(field: Field, step: () => Promise<void>): Promise<void> {
  while (!field.over.aborted) await attempt(field, step)
}

/** Whether the step succeeded. */
export async function attempt({ counts, mayExpire }: Field, step: () => Promise<void>): Promise<boolean> {
  try {
    await step()
    return true
  } catch (error) {
    if (!isUnavailable(error, mayExpire)) counts.violations.push(messageOf(error))
    await sleep(50)
    return false
  }
}

/** The maximum time until everything must work again by itself. */
export const patienceMs = 60_000

/** Repeats a step until it succeeds. Throws the last failure when it has failed for too long. */
export async function untilDone<Result>(step: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    try {
      return await step()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(50)
    }
  }
}

/** A failure as one line of text. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 400)
}
