import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { graph, listGraph } from '../../clients/graph/graph.ts'
import type { Account } from '../../clients/session/account.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import type { SubscriptionFlags } from '../../framework/options/flags.ts'
import { isRecord } from '../../framework/values/record.ts'
import { valueAt } from '../../framework/values/shape.ts'

/** Selects an application or a service principal. */
export type ObjectFlags = SubscriptionFlags & { readonly id: string }

/** The option of {@link ObjectFlags} for applications. */
export const applicationFlag: FlagDescription = {
  flags: '--id <id>',
  description: 'the application id, object id or identifier URI of the application',
  required: true,
}

/** The option of {@link ObjectFlags} for service principals. */
export const servicePrincipalFlag: FlagDescription = {
  flags: '--id <id>',
  description: 'the application id, a service principal name, or the object id of the service principal',
  required: true,
}

/** The option with an owner. */
export const ownerFlag: FlagDescription = {
  flags: '--owner-object-id <id>',
  description: 'the object id of the owner',
  required: true,
}

/** The options that select objects in a list. */
export type ListFlags = {
  readonly displayName?: string
  readonly filter?: string
  readonly all?: true
  readonly showMine?: true
}

/** Describes {@link ListFlags}. */
export const listFlags: readonly FlagDescription[] = [
  { flags: '--display-name <name>', description: 'list only objects whose display name begins with this text' },
  { flags: '--filter <filter>', description: 'an OData filter' },
  { flags: '--all', description: 'list all objects, not only the first 100' },
  { flags: '--show-mine', description: 'list only objects that the signed-in user owns' },
]

const maxListed = 100

/** Lists applications or service principals. Without a filter, the first 100 unless `--all`. */
export async function listObjects(
  account: Account,
  kind: 'applications' | 'servicePrincipals',
  {
    flags,
    filters,
    warn,
  }: { flags: ListFlags; filters: readonly (string | undefined)[]; warn: (text: string) => void },
): Promise<readonly unknown[]> {
  if (flags.showMine === true) {
    const type = kind === 'applications' ? '#microsoft.graph.application' : '#microsoft.graph.servicePrincipal'
    return (await listGraph(account, '/me/ownedObjects')).filter(
      (each) => isRecord(each) && each['@odata.type'] === type,
    )
  }
  const byName = flags.displayName === undefined ? undefined : `startswith(displayName,${odataText(flags.displayName)})`
  const all = [flags.filter, ...filters, byName].filter((each) => each !== undefined)
  const found = await listGraph(account, `/${kind}`, all.length === 0 ? undefined : all.join(' and '))
  if (all.length > 0 || flags.all === true || found.length <= maxListed) return found
  warn(
    "The result is not complete. You can still use '--all' to get all of them with long latency expected, or provide a filter through command arguments",
  )
  return found.slice(0, maxListed)
}

/** The table of applications and service principals: sorted by name, with their object ids. */
export function objectTable(objects: readonly unknown[]): object[] {
  return objects
    .toSorted((a, b) => compare(String(valueAt(a, 'displayName')), String(valueAt(b, 'displayName'))))
    .map((each) => ({
      DisplayName: valueAt(each, 'displayName'),
      Id: valueAt(each, 'id'),
      AppId: valueAt(each, 'appId'),
      CreatedDateTime: valueAt(each, 'createdDateTime'),
    }))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The object id of an application. @throws CommandFailure if no application has the identifier URI */
export async function requireApplication(account: Account, id: string): Promise<string> {
  const filter = isGuid(id) ? `appId eq ${odataText(id)}` : `identifierUris/any(s:s eq ${odataText(id)})`
  const [found] = await listGraph(account, '/applications', filter)
  if (found !== undefined) return String(valueAt(found, 'id'))
  if (isGuid(id)) return id
  throw new CommandFailure(`Application with identifier URI '${id}' doesn't exist`, 3)
}

/** The object id of a service principal. @throws CommandFailure if no service principal has the name */
export async function requireServicePrincipal(account: Account, id: string): Promise<string> {
  const [found] = await listGraph(account, '/servicePrincipals', `servicePrincipalNames/any(c:c eq ${odataText(id)})`)
  if (found !== undefined) return String(valueAt(found, 'id'))
  if (isGuid(id)) return id
  throw new CommandFailure(`Service principal '${id}' doesn't exist`, 3)
}

/** The path of an application in Graph. */
export async function applicationPath(account: Account, id: string): Promise<string> {
  return `/applications/${encodeURIComponent(await requireApplication(account, id))}`
}

/** The path of a service principal in Graph. */
export async function servicePrincipalPath(account: Account, id: string): Promise<string> {
  return `/servicePrincipals/${encodeURIComponent(await requireServicePrincipal(account, id))}`
}

/** Adds a password to an application or a service principal, and returns the password and its key id. */
export async function addPassword(
  account: Account,
  path: string,
  { displayName, start, end }: { readonly displayName?: string | undefined; readonly start: Date; readonly end: Date },
): Promise<{ readonly id: unknown; readonly secret: unknown }> {
  const passwordCredential = {
    ...(displayName !== undefined && { displayName }),
    startDateTime: start.toISOString(),
    endDateTime: end.toISOString(),
  }
  const made = await graph(account, 'POST', `${path}/addPassword`, { passwordCredential })
  return { id: valueAt(made, 'keyId'), secret: valueAt(made, 'secretText') }
}

/** The warning of az after a secret was printed. */
export const secretWarning =
  'The output includes credentials that you must protect. Be sure that you do not include these credentials in your code or check the credentials into your source control. For more information, see https://aka.ms/azadsp-cli'
