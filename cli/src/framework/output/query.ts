import { WrongUsageError } from '../command/failure.ts'

/** The result of a query, and which of its objects the query created. */
type Queried = { readonly result: unknown; readonly isOrdered: (value: object) => boolean }

/** Applies a JMESPath query. @throws WrongUsageError if the query is malformed */
export async function applyQuery(document: unknown, query: string): Promise<Queried> {
  const { default: jmespath } = await import('jmespath')
  const present = new WeakSet<object>()
  rememberObjects(document, present)
  try {
    const result: unknown = jmespath.search(document, query)
    return { result, isOrdered: (value) => !present.has(value) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new WrongUsageError(
      `argument --query: invalid JMESPath query '${query}': ${reason}`,
      'see https://jmespath.org',
    )
  }
}

function rememberObjects(value: unknown, present: WeakSet<object>): void {
  if (typeof value !== 'object' || value === null) return
  present.add(value)
  for (const member of Object.values(value)) rememberObjects(member, present)
}
