import type { RequestFacts } from '../records/request-facts.ts'
import type { Fault, FaultEffect, FaultMatch } from './fault.ts'
import { matchesGlob } from './glob.ts'

/** A fault in the form in which the list contains it. */
export type ListedFault = Fault & {
  readonly id: string
  /** The number of further requests that the fault affects: null for any number, and 0 for a fault that is used up. */
  readonly remaining: number | null
}

/** The fault that affects a request. */
export type TakenFault = { readonly id: string; readonly effect: FaultEffect }

/** The list contains the maximum number of faults. */
export class TooManyFaultsError extends Error {
  override readonly name = 'TooManyFaultsError'
}

const idPrefix = 'fault-'

/** The maximum number of listed faults. */
export const maxFaults = 1000

/**
 * The faults of a server. Only the oldest fault that matches a request affects the request. A fault that is used up stays in the list until
 * its place is needed, so that a test can check and delete it.
 */
export class FaultSet {
  #faults: readonly ListedFault[] = []
  #last = 0
  /** The faults that can still affect requests. */
  #active: readonly ListedFault[] = []

  /** Whether no fault affects any request. */
  get isIdle(): boolean {
    return this.#active.length === 0
  }

  /** Adds a fault and returns its id. @throws TooManyFaultsError */
  add(fault: Fault): string {
    if (this.#faults.length >= maxFaults) this.#dropUsedUp()
    this.#last += 1
    const id = `${idPrefix}${this.#last}`
    this.#replace([...this.#faults, { id, ...fault, remaining: fault.times ?? null }])
    return id
  }

  list(): readonly ListedFault[] {
    return this.#faults
  }

  /** Deletes a fault. Returns false if no fault has this id. */
  remove(id: string): boolean {
    const others = this.#faults.filter((fault) => fault.id !== id)
    const isFound = others.length < this.#faults.length
    this.#replace(others)
    return isFound
  }

  /** Replaces all faults with the faults of a snapshot. The server never uses the ids of the replaced faults again. */
  restore(faults: readonly ListedFault[]): void {
    this.#last = Math.max(this.#last, ...faults.map(({ id }) => Number(id.slice(idPrefix.length)) || 0))
    this.#replace(faults)
  }

  /** Finds and counts the fault of a request. The result is undefined if no fault matches. */
  take(facts: RequestFacts): TakenFault | undefined {
    const found = this.#active.find(({ match }) => matches(match, facts))
    if (found === undefined) return undefined
    const { id, remaining, then: effect } = found
    if (remaining !== null) {
      const counted = { ...found, remaining: remaining - 1 }
      this.#replace(this.#faults.map((fault) => (fault === found ? counted : fault)))
    }
    return { id, effect }
  }

  #dropUsedUp(): void {
    const usedUp = this.#faults.find(({ remaining }) => remaining === 0)
    if (usedUp === undefined) throw new TooManyFaultsError(`at most ${maxFaults} faults can be set`)
    this.remove(usedUp.id)
  }

  #replace(faults: readonly ListedFault[]): void {
    this.#faults = faults
    this.#active = faults.filter(({ remaining }) => remaining !== 0)
  }
}

function matches({ surface, method, path, repository, principal }: FaultMatch, facts: RequestFacts): boolean {
  return (
    (surface === undefined || surface === facts.surface) &&
    (method === undefined || method.toUpperCase() === facts.method) &&
    (path === undefined || matchesGlob(path, facts.path)) &&
    (repository === undefined || facts.repositories.some((name) => matchesGlob(repository, name))) &&
    (principal === undefined || facts.principal.names.some((name) => name.toLowerCase() === principal.toLowerCase()))
  )
}
