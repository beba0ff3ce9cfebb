import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { readJson } from './client.ts'
import type { AuditWebhookList, CredentialUse, CredentialUseList } from './types.ts'

const serverVersion = '2023-07-01'

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

/** The first pages of a list, and whether there are more. */
export type CutList<Item> = { readonly items: readonly Item[]; readonly isCut: boolean }

/** The applications of the directory. */
export async function listApplications(pages: number, signal: AbortSignal): Promise<CutList<Application>> {
  const read = async (path: string) => {
    const { body } = await readJson<GraphPage<Application>>(path, { signal })
    return { items: body.value, next: nextPath(body['@odata.nextLink'], 'graph') }
  }
  return readPages('graph/applications?$top=100', pages, read)
}

/** When credentials were used last. */
export async function listCredentialUses(
  subscriptionId: string,
  pages: number,
  signal: AbortSignal,
): Promise<CutList<CredentialUse>> {
  const read = async (path: string) => {
    const { body } = await readJson<CredentialUseList>(path, { signal })
    return { items: body.value, next: nextPath(body.nextLink, 'arm') }
  }
  const list = `arm/subscriptions/${subscriptionId}/providers/Acrux.Server/credentialUses`
  return readPages(`${list}?api-version=${serverVersion}&$top=1000`, pages, read)
}

type ReadPage<Item> = (path: string) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>

async function readPages<Item>(first: string, pages: number, read: ReadPage<Item>): Promise<CutList<Item>> {
  const items: Item[] = []
  let path: string | undefined = first
  for (let page = 0; page < pages && path !== undefined; page += 1) {
    const found: Awaited<ReturnType<ReadPage<Item>>> = await read(path)
    items.push(...found.items)
    path = found.next
  }
  return { items, isCut: path !== undefined }
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
  const query = new URLSearchParams({ $filter: `startswith(displayName,${odataText(text)})`, $top: '20' })
  type Found = { readonly id: string; readonly displayName: string; readonly userPrincipalName?: string }
  const path = `graph/${principalLists[kind]}?${query.toString()}`
  const { body } = await readJson<GraphPage<Found>>(path, { signal })
  return body.value.map(({ id, displayName, userPrincipalName }) => ({
    kind,
    id,
    name: userPrincipalName === undefined ? displayName : `${displayName} (${userPrincipalName})`,
  }))
}
