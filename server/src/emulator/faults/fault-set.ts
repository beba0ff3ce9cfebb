import type { RequestFacts } from '../records/request-facts.ts'
import type { Fault, FaultEffect, FaultMatch } from './fault.ts'
import { matchesGlob } from './glob.ts'

/** A fault, as it is listed. */
export type ListedFault = Fault & {
  readonly id: string
  /** How many more requests it affects; null for any number, and 0 for a fault that is used up. */
  readonly remaining: number | null
}

/** The fault of a request. */
export type TakenFault = { readonly id: string; readonly effect: FaultEffect }

/** There is no room for another fault. */
export class TooManyFaultsError extends Error {
  override readonly name = 'TooManyFaultsError'
}

const idPrefix = 'fault-'

/** The maximum number of listed faults. */
export const maxFaults = 1000

/**
 * The faults of a server. The oldest fault that matches a request affects it, and only this one. A fault that is used up stays
 * in the list, so that a test can check it and delete it, until its place is needed.
 */
export class FaultSet {
  #faults: readonly ListedFault[] = []
  #last = 0
  /** The faults that still affect requests. */
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

  /** Deletes a fault. Returns false if there is none with this id. */
  remove(id: string): boolean {
    const others = this.#faults.filter((fault) => fault.id !== id)
    const isFound = others.length < this.#faults.length
    this.#replace(others)
    return isFound
  }

  /** Replaces all faults, with those of a snapshot. Their ids are never given to others. */
  restore(faults: readonly ListedFault[]): void {
    this.#last = Math.max(this.#last, ...faults.map(({ id }) => Number(id.slice(idPrefix.length)) || 0))
    this.#replace(faults)
  }

  /** The fault of a request, which is counted; undefined if none matches. */
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
