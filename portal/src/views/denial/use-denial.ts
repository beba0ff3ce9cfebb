import { readDecision, readOwnDenial } from '../../api/audit.ts'
import { useRead, useReadAgain } from '../../api/queries.ts'
import type { NamedPlace } from '../events/use-log-place.ts'
import { type PossibleFix } from './possible-fix.ts'

/** The requests of the person, for whom no role is needed. */
export const ownRequests = { kind: 'own', id: 'own', name: undefined } as const

/** Among whose requests a decision is looked for. */
export type DecisionPlace = NamedPlace | typeof ownRequests

/** Why a request was denied. `isOn`: whether to read it. */
export function useDecision(place: DecisionPlace, id: string, isOn = true) {
  return useRead(
    ['decision', place.id, id],
    isOn && ((signal) => (place.kind === 'own' ? readOwnDenial(id, signal) : readDecision(place, id, signal))),
  )
}

/** Assigns the role, and decides again. */
export function useFix(place: DecisionPlace, id: string) {
  const readAgain = useReadAgain()
  return async ({ assign }: PossibleFix): Promise<void> => {
    await assign()
    await readAgain(['decision', place.id, id])
  }
}
