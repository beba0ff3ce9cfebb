import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { graph, listGraph } from '../../../clients/graph/graph.ts'
import type { Account } from '../../../clients/session/account.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { valueAt } from '../../../framework/values/shape.ts'

/** Creates an application, or changes an existing application with the same name and identifier URIs, as az does. */
export async function createApplication(
  { log }: CommandContext,
  account: Account,
  { displayName, body }: { readonly displayName: string; readonly body: Readonly<Record<string, unknown>> },
): Promise<unknown> {
  const uris = Array.isArray(body['identifierUris']) ? body['identifierUris'].map(String) : []
  const listed = await listGraph(account, '/applications', `startswith(displayName,${odataText(displayName)})`)
  const ids = listed
    .filter((each) => valueAt(each, 'displayName') === displayName && hasUris(each, uris))
    .map((each) => String(valueAt(each, 'id')))
  const [id, another] = ids
  if (another !== undefined) {
    throw failure(
      `More than one application have the same display name '${displayName}': (id) ${ids.join(', ')}, please remove them first.`,
    )
  }
  if (id === undefined) return graph(account, 'POST', '/applications', { displayName, keyCredentials: [], ...body })
  log.warning(`Found an existing application instance: (id) ${id}. We will patch it.`)
  await graph(account, 'PATCH', `/applications/${id}`, { displayName, ...body })
  return graph(account, 'GET', `/applications/${id}`)
}

function hasUris(application: unknown, uris: readonly string[]): boolean {
  const present = valueAt(application, 'identifierUris')
  return uris.every((uri) => Array.isArray(present) && present.includes(uri))
}
