import { scopeMapAction } from '@acrux/shared/permissions/granted-action.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { readPatterns } from '../access-control/plan-assignments.ts'
import type { TokenData } from './token-rows.ts'

const texts = rightsTexts.token

const namePattern = /^[a-zA-Z0-9-]{5,50}$/
const maxLength = 50

/**
 * The name of a scope map for one token only, as on the command line. If that name is too long, the name of the
 * token.
 */
export function ownScopeMap(token: string): string {
  const name = `${token}-scope-map`
  return name.length <= maxLength ? name : token
}

/** What is wrong with the name of a new token. The server checks it again. */
export function nameFault(name: string, { tokens, scopeMaps }: TokenData, registryName: string): string | undefined {
  if (name === '') return undefined
  if (!namePattern.test(name)) return texts.wrongName
  const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()
  const isTaken =
    isSame(name, registryName) ||
    tokens.some(({ token }) => isSame(token.name, name)) ||
    scopeMaps.some((map) => isSame(map.name, ownScopeMap(name)))
  return isTaken ? texts.taken : undefined
}

/** An action of a scope map, such as `content/read`. */
export type Right = keyof typeof texts.rights

/** What a new token may do; what was entered is kept when the other kind is selected. */
export type RightsChoice = {
  readonly kind: 'fresh' | 'existing'
  /** The name of an existing scope map. */
  readonly scopeMap: string
  readonly patterns: string
  readonly rights: readonly Right[]
}

/** The actions of a new scope map. Undefined while something is missing or wrong. */
export function actionsOf({ patterns: text, rights }: RightsChoice): readonly string[] | undefined {
  const { patterns, wrong } = readPatterns(text)
  if (wrong !== undefined || patterns.length === 0 || rights.length === 0) return undefined
  return patterns.flatMap((pattern) => rights.map((right) => scopeMapAction(pattern, right)))
}

/** How long a password is valid unless another time is selected. */
export const defaultDays = 90

/** The expiry of a password that is generated now. */
export function expiryOf(days: number): { readonly expiry?: string } {
  if (days === 0) return {}
  return { expiry: new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString() }
}
