import { readJson } from './client.ts'
import type { AuditWebhookList, CredentialUse, CredentialUseList } from './types.ts'

const serverVersion = '2023-07-01'
const maxPages = 5

/** An application with its secrets and certificates, as Graph answers. */
export type Application = {
  readonly id: string
  readonly appId: string
  readonly displayName: string
  readonly passwordCredentials: readonly ApplicationCredential[]
  readonly keyCredentials: readonly ApplicationCredential[]
}

export type ApplicationCredential = {
  readonly keyId: string
  readonly displayName: string | null
  readonly startDateTime: string
  readonly endDateTime: string
}

type GraphPage<Item> = { readonly value: readonly Item[]; readonly '@odata.nextLink'?: string }

/** The applications of the directory, at most some hundred. */
export async function listApplications(signal: AbortSignal): Promise<readonly Application[]> {
  const found: Application[] = []
  let path: string | undefined = 'graph/applications?$top=100'
  for (let page = 0; page < maxPages && path !== undefined; page += 1) {
    const { body }: { body: GraphPage<Application> } = await readJson<GraphPage<Application>>(path, { signal })
    found.push(...body.value)
    path = nextPath(body['@odata.nextLink'], 'graph')
  }
  return found
}

/** When credentials were used last. */
export async function listCredentialUses(
  subscriptionId: string,
  signal: AbortSignal,
): Promise<readonly CredentialUse[]> {
  const found: CredentialUse[] = []
  let path: string | undefined =
    `arm/subscriptions/${subscriptionId}/providers/Acrux.Server/credentialUses?api-version=${serverVersion}&$top=1000`
  for (let page = 0; page < maxPages && path !== undefined; page += 1) {
    const { body }: { body: CredentialUseList } = await readJson<CredentialUseList>(path, { signal })
    found.push(...body.value)
    path = nextPath(body.nextLink, 'arm')
  }
  return found
}

/** The webhooks of the audit log, with the failures of each. */
export async function listWebhooks(subscriptionId: string, signal: AbortSignal): Promise<AuditWebhookList> {
  const path = `arm/subscriptions/${subscriptionId}/providers/Acrux.Server/auditWebhooks?api-version=${serverVersion}`
  return (await readJson<AuditWebhookList>(path, { signal })).body
}

/** The path of a link of a surface below the API of the portal. */
function nextPath(link: string | undefined, surface: 'arm' | 'graph'): string | undefined {
  if (link === undefined) return undefined
  const { pathname, search } = new URL(link)
  return `${surface}${surface === 'graph' ? pathname.replace('/graph/v1.0', '') : pathname}${search}`
}

/** A person, group or application whose name begins with a text. */
export type FoundPrincipal = {
  readonly kind: 'user' | 'group' | 'servicePrincipal'
  readonly id: string
  readonly name: string
}

const principalLists = { user: 'users', group: 'groups', servicePrincipal: 'servicePrincipals' } as const

/** The principals of one kind whose display names begin with a text. */
export async function findPrincipals(
  kind: FoundPrincipal['kind'],
  text: string,
  signal: AbortSignal,
): Promise<readonly FoundPrincipal[]> {
  const query = new URLSearchParams({ $filter: `startswith(displayName,'${text.replaceAll("'", "''")}')`, $top: '20' })
  type Found = { readonly id: string; readonly displayName: string; readonly userPrincipalName?: string }
  const path = `graph/${principalLists[kind]}?${query.toString()}`
  const { body } = await readJson<GraphPage<Found>>(path, { signal })
  return body.value.map(({ id, displayName, userPrincipalName }) => ({
    kind,
    id,
    name: userPrincipalName === undefined ? displayName : `${displayName} (${userPrincipalName})`,
  }))
}
