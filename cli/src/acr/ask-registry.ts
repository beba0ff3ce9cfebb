import { getFromArm, registryIdOf } from '../az.ts'

const apiVersion = '2025-03-01-preview'

/** Asks the management API about a registry, as whoever is signed in to az. Undefined where it knows nothing of it. */
export function askRegistry(name: string, what: string, query: Readonly<Record<string, string | undefined>>): unknown {
  const parameters = new URLSearchParams({ 'api-version': apiVersion })
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, value)
  return getFromArm(`${registryIdOf(name)}/${what}?${parameters.toString()}`)
}
