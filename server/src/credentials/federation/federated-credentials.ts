import { randomUUID } from 'node:crypto'
import { type Directory, DirectoryError, resourceNotFound } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import {
  type FederatedTrust,
  mayMatchSameToken,
  parseClaimsExpression,
  trustText,
} from '@acrux/shared/standards/oauth/federated-trust.ts'
import type { FederatedCredentialRecord, Holder } from '../records/model.ts'
import type { FederatedCredentialRow } from '../records/rows.ts'
import type { FederatedCredentialStore } from './federated-credential-store.ts'
import { trustColumns, trustOf } from './trust-columns.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The maximum number of federated credentials of one application or managed identity. [Entra, workload identity federation] */
const maxCredentials = 20

/**
 * The maximum number of credentials of other applications with which the server compares a new trust. If there are more, the server treats
 * the trust as shared.
 */
const maxCompared = 1000

/** The properties of a federated credential. */
export type FederatedCredentialRequest = {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly trust: FederatedTrust
  readonly description: string | null
  /** Allows trust in a token that another application also trusts. Only a directory owner may create such a trust. */
  readonly mayShareTrust?: boolean
}

/** The trust in a request: either a subject or an expression about claims. */
export type GivenTrust = {
  readonly subject?: string | null | undefined
  readonly claimsExpression?: string | null | undefined
}

/** The properties of a federated credential to change. */
export type FederatedCredentialChange = Partial<FederatedCredentialRequest>

export type FederatedCredentialOptions = {
  readonly directory: Pick<Directory, 'findServicePrincipal'>
  readonly store: FederatedCredentialStore
  readonly clock: Clock
  /** No federated credential may trust the tokens of this server. These tokens already authenticate another principal. */
  readonly publicOrigin: PublicOrigin
  /** Whether a URL may be a trusted issuer. */
  readonly acceptsIssuer: (issuer: string) => boolean
}

/** The functions that change federated credentials. Each throws {@link DirectoryError} if the change is denied. */
export function createFederatedCredentials(options: FederatedCredentialOptions) {
  const { directory, store, clock } = options
  const { requireIssuer, requireForeignIssuer, rejectSharedTrust } = createTrustRules(options)

  async function create(
    transaction: Transaction,
    { holderId, appId }: Holder,
    { name, issuer, audience, trust, description, mayShareTrust }: FederatedCredentialRequest,
  ): Promise<FederatedCredentialRow> {
    // A token that two applications trust authenticates neither application by itself, so a new credential may invalidate caches.
    transaction.changesAuthority()
    requireForeignIssuer(issuer)
    if ((await store.ofHolder(transaction, holderId)).length >= maxCredentials) {
      const text = `An object has at most ${maxCredentials} federated identity credentials.`
      throw new DirectoryError('quota', text)
    }
    const ids = { id: randomUUID(), credential_id: randomUUID(), holder_id: holderId, app_id: appId }
    const names = { name, name_key: nameKey(name), description, created_at_ms: clock.now() }
    const row = { ...ids, ...names, issuer, audience, ...trustColumns(trust) }
    if (mayShareTrust !== true) await rejectSharedTrust(transaction, row)
    if (!(await store.insert(transaction, row))) throw conflict()
    return row
  }

  async function update(
    transaction: Transaction,
    holderId: string,
    idOrName: string,
    change: FederatedCredentialChange,
  ): Promise<FederatedCredentialRow> {
    transaction.changesAuthority()
    const row = await findRow(store, transaction, holderId, idOrName)
    if (change.name !== undefined && change.name !== row.name) {
      throw new DirectoryError('invalid', "The property 'name' of a federated identity credential cannot be changed.")
    }
    const issuer = change.issuer ?? row.issuer
    requireForeignIssuer(issuer)
    const trust = change.trust ?? trustOf(row)
    const audience = change.audience ?? row.audience
    const isSame = issuer === row.issuer && audience === row.audience && trustText(trust) === row.trust_text
    const updated = {
      // Tokens issued for the previous trust become invalid.
      credential_id: isSame ? row.credential_id : randomUUID(),
      issuer,
      audience,
      ...trustColumns(trust),
      description: change.description === undefined ? row.description : change.description,
    }
    if (!isSame && change.mayShareTrust !== true) await rejectSharedTrust(transaction, { ...row, ...updated })
    const others = (await store.ofHolder(transaction, holderId)).filter(({ id }) => id !== row.id)
    if (others.some((other) => other.issuer === issuer && other.trust_text === updated.trust_text)) throw conflict()
    await store.update(transaction, row.id, updated)
    return { ...row, ...updated }
  }

  return {
    requireIssuer,
    requireTrust,
    create: async (transaction: Transaction, holder: Holder, request: FederatedCredentialRequest) =>
      toFederatedCredentialRecord(await create(transaction, holder, request)),
    find: async (transaction: Transaction | undefined, holderId: string, idOrName: string) =>
      toFederatedCredentialRecord(await findRow(store, transaction, holderId, idOrName)),
    update: async (transaction: Transaction, holderId: string, idOrName: string, change: FederatedCredentialChange) =>
      toFederatedCredentialRecord(await update(transaction, holderId, idOrName, change)),
    remove: async (transaction: Transaction, holderId: string, idOrName: string) => {
      transaction.changesAuthority()
      const row = await findRow(store, transaction, holderId, idOrName)
      await store.delete(transaction, row.id)
      return toFederatedCredentialRecord(row)
    },
    list: async (holderId: string): Promise<FederatedCredentialRecord[]> =>
      (await store.ofHolder(undefined, holderId)).map(toFederatedCredentialRecord),

    /** Infinity if the credential exists and its service principal is enabled; otherwise undefined. */
    validUntilMs: async (objectId: string, credentialId: string): Promise<number | undefined> => {
      const row = await store.byCredentialId(credentialId)
      if (row === undefined) return undefined
      const principal = await directory.findServicePrincipal(objectId)
      const isValid = principal?.enabled === true && principal.appId === row.app_id
      return isValid ? Number.POSITIVE_INFINITY : undefined
    },
  }
}

export type FederatedCredentials = Omit<ReturnType<typeof createFederatedCredentials>, 'validUntilMs'>

/** Finds a credential by its id or by its name, as Microsoft Graph does. */
async function findRow(
  store: FederatedCredentialStore,
  transaction: Transaction | undefined,
  holderId: string,
  idOrName: string,
): Promise<FederatedCredentialRow> {
  const id = parseGuid(idOrName)
  const rows = await store.ofHolder(transaction, holderId)
  const row = rows.find((each) => each.id === id) ?? rows.find((each) => each.name_key === nameKey(idOrName))
  if (row === undefined) throw resourceNotFound(idOrName)
  return row
}

function createTrustRules({
  store,
  publicOrigin,
  acceptsIssuer,
}: Pick<FederatedCredentialOptions, 'store' | 'publicOrigin' | 'acceptsIssuer'>) {
  return {
    /** @throws DirectoryError if a URL cannot be an issuer, or if the server does not accept the URL */
    requireIssuer: (issuer: string): void => {
      if (!/[?#\s\\]/.test(issuer) && acceptsIssuer(issuer)) return
      const text =
        "Invalid value specified for property 'issuer': the issuer must be an https URL without query and fragment."
      throw new DirectoryError('invalid', text)
    },

    requireForeignIssuer: (issuer: string): void => {
      const { origin } = new URL(issuer)
      if (origin !== String(publicOrigin)) return
      const text = 'The issuer of a federated identity credential must not be this server.'
      throw new DirectoryError('invalid', text)
    },

    /**
     * If several applications trust a token, the token authenticates none of them unless the request names an application. Only a directory
     * owner may create a trust that has this effect on another application.
     *
     * @throws DirectoryError if another application may trust the same token; the message does not name it
     */
    rejectSharedTrust: async (transaction: Transaction, row: FederatedCredentialRow): Promise<void> => {
      const others = await store.ofOthers(transaction, row, maxCompared)
      const isShared = others.some((other) => mayMatchSameToken(trustOf(other), trustOf(row)))
      if (!isShared && others.length < maxCompared) return
      const text =
        'Insufficient privileges to complete the operation: another application may trust the same tokens. Use an audience of your own, or ask a directory owner to create the credential.'
      throw new DirectoryError('forbidden', text)
    },
  }
}

/** @throws DirectoryError unless the request contains exactly one of subject and claims expression, in a valid form */
function requireTrust({ subject, claimsExpression }: GivenTrust): FederatedTrust {
  const given = claimsExpression ?? undefined
  const named = subject ?? undefined
  if ((given === undefined) === (named === undefined)) {
    throw new DirectoryError('invalid', "Exactly one of 'subject' and 'claimsMatchingExpression' must have a value.")
  }
  if (named !== undefined) return { kind: 'subject', subject: named }
  const equalities = parseClaimsExpression(given ?? '')
  if (equalities !== undefined) return { kind: 'claims', equalities }
  const form = "claims['NAME'] eq 'VALUE' joined by and"
  const text = `Invalid value specified for property 'claimsMatchingExpression/value': the value must be ${form}, with one claim of sub, repository_id, repository_owner_id, project_id and namespace_id.`
  throw new DirectoryError('invalid', text)
}

function toFederatedCredentialRecord(row: FederatedCredentialRow): FederatedCredentialRecord {
  const { id, name, issuer, audience, subject, claims_expression: claimsExpression, description } = row
  return { id, name, issuer, audience, subject, claimsExpression, description }
}

function conflict(): DirectoryError {
  const text = 'FederatedIdentityCredential with the same name, or the same issuer and subject, already exists.'
  return new DirectoryError('conflict', text)
}
