import { getFromArm, registryIdOf } from '../../../clients/arm/az.ts'
import type { CommandContext } from '../../../framework/command/context.ts'

const apiVersion = '2025-03-01-preview'

/** Asks the management API about a registry. Undefined if the response is 404. */
export async function askRegistry(
  context: CommandContext,
  name: string,
  question: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<unknown> {
  const parameters = new URLSearchParams({ 'api-version': apiVersion })
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, value)
  return getFromArm(context, `${await registryIdOf(context, name)}/${question}?${parameters.toString()}`)
}
