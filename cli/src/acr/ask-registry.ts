import { getFromArm, registryIdOf } from '../az.ts'

const apiVersion = '2025-03-01-preview'

/** Asks the management API about a registry, through az. Undefined if the response is 404. */
export function askRegistry(
  name: string,
  question: string,
  query: Readonly<Record<string, string | undefined>>,
): unknown {
  const parameters = new URLSearchParams({ 'api-version': apiVersion })
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, value)
  return getFromArm(`${registryIdOf(name)}/${question}?${parameters.toString()}`)
}
