import { askArm, listArm } from '../../../clients/arm/arm.ts'
import { graph, listGraph } from '../../../clients/graph/graph.ts'
import type { Account } from '../../../clients/session/account.ts'
import { failure } from '../../../framework/command/failure.ts'
import { isRecord } from '../../../framework/values/record.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { identityVersion } from '../../identity/identity.ts'
import type { Puller, ServiceAccount } from './attachment.ts'

/** A federated credential that exists. */
type FederatedCredential = { readonly name: string; readonly audience: string }

type Federation = NonNullable<Puller['federation']>

/**
 * The path of the federated credentials of an identity. @throws CommandFailure if the identity cannot have federated
 * credentials
 */
export function requireFederation({ federation, objectId }: Puller): Federation {
  if (federation !== undefined) return federation
  throw failure(
    `${objectId} is not a user-assigned managed identity, and cannot trust a service account`,
    'create a managed identity with acrux identity create, or use --app',
  )
}

/** Finds the federated credential that trusts a service account, for any audience. */
export async function findFederated(
  account: Account,
  federation: Federation,
  { issuer, subject }: ServiceAccount,
): Promise<FederatedCredential | undefined> {
  const all =
    federation.kind === 'application'
      ? await listGraph(account, `${federation.path}/federatedIdentityCredentials`)
      : (await listArm(account, armPath(federation.id))).map(withProperties)
  const found = all.find((each) => valueAt(each, 'issuer') === issuer && valueAt(each, 'subject') === subject)
  if (found === undefined) return undefined
  const audiences = valueAt(found, 'audiences')
  return { name: String(valueAt(found, 'name')), audience: String(Array.isArray(audiences) ? audiences[0] : '') }
}

/** Lets an identity trust the tokens of a service account for an audience. */
export async function addFederated(
  account: Account,
  federation: Federation,
  { issuer, subject, name }: ServiceAccount,
  audience: string,
): Promise<void> {
  const trust = { issuer, subject, audiences: [audience] }
  if (federation.kind === 'application')
    await graph(account, 'POST', `${federation.path}/federatedIdentityCredentials`, { name, ...trust })
  else await askArm(account, { method: 'PUT', url: armPath(federation.id, name), body: { properties: trust } })
}

/** Deletes a federated credential. */
export async function deleteFederated(account: Account, federation: Federation, name: string): Promise<void> {
  if (federation.kind === 'application')
    await graph(account, 'DELETE', `${federation.path}/federatedIdentityCredentials/${encodeURIComponent(name)}`)
  else await askArm(account, { method: 'DELETE', url: armPath(federation.id, name) })
}

function armPath(id: string, name?: string): string {
  const last = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `${id}/federatedIdentityCredentials${last}?api-version=${identityVersion}`
}

function withProperties(document: unknown): unknown {
  return isRecord(document) && isRecord(document['properties']) ? { ...document, ...document['properties'] } : document
}
