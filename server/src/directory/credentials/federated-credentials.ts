import { nameKey } from '../../standards/azure/object-name.ts'
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import { AuthorityMemory } from '../../platform/memory/authority-memory.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { DirectoryError, resourceNotFound } from '../errors.ts'
import type { FederatedCredentialStore, FoundFederatedRow } from './federated-credential-store.ts'
import type { FederatedCredentialRow } from '../tables.ts'
import {
  type FederatedTrust,
  formatClaimsExpression,
  mayMatchSameToken,
  parseClaimsExpression,
  trustKey,
  trustKeysOf,
  trustText,
  trusts,
} from '../../standards/oauth/federated-trust.ts'
import { type FederatedCredentialRecord, toFederatedCredentialRecord } from '../records.ts'
import { toServicePrincipal } from '../principals.ts'
import type { FederatedMatch, OutsideAssertion } from '../model.ts'

/** How many federated credentials one application or managed identity may have. [Entra, workload identity federation] */
const credentialLimit = 20

/** With how many credentials of others a new trust is compared. Where there are more, it counts as shared. */
const comparisonLimit = 1000

/** How many applications, or subjects, are remembered with the credentials that were found for them. */
const memoryLimit = 10_000

/** Who holds federated credentials: an application by its object id, or a managed identity by its own. */
export type FederatedHolder = { readonly holderId: string; readonly appId: string }

/** All that may be set of a federated credential, checked as far as its form goes. */
export type FederatedCredentialRequest = {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly trust: FederatedTrust
  readonly description: string | null
  /** Whether the trust may be in a token that another application trusts: a directory owner decides that. */
  readonly mayShareTrust?: boolean
}

/** Whom a request trusts: a subject, or claims. */
export type GivenTrust = {
  readonly subject?: string | null | undefined
  readonly claimsExpression?: string | null | undefined
}

/** A change of it: what is absent stays as it is. */
export type FederatedCredentialChange = Partial<FederatedCredentialRequest>

/** The changes of federated credentials, and which of them trust a token. The first throw {@link DirectoryError}. */
export function createFederatedCredentials(options: {
  readonly database: Pick<Database, 'authorityRevision'>
  readonly store: FederatedCredentialStore
  readonly clock: Clock
  /** Whose tokens nobody may trust: our own. They are proof here already, of somebody else. */
  readonly publicOrigin: string
  /** Whether a URL may be an issuer that is trusted. */
  readonly acceptsIssuer: (issuer: string) => boolean
}) {
  const { database, store, clock, publicOrigin, acceptsIssuer } = options
  const memory = new AuthorityMemory<readonly FoundFederatedRow[]>(memoryLimit)

  /** What lets somebody in is remembered. That there are no rows is not: strangers choose what is looked for. */
  async function remembered(key: string, find: () => FoundFederatedRow[] | Promise<FoundFederatedRow[]>) {
    const revision = await database.authorityRevision()
    const known = memory.recall(revision, key, clock.now())
    if (known !== undefined) return known
    const rows = await find()
    const isProof = rows.length > 0 && rows.every(({ enabled }) => enabled === 1)
    if (isProof) memory.keep(revision, key, rows, Number.POSITIVE_INFINITY)
    return rows
  }

  /** @throws DirectoryError for what cannot be an issuer, or is not let be one here */
  function requireIssuer(issuer: string): void {
    if (!/[?#\s\\]/.test(issuer) && acceptsIssuer(issuer)) return
    const text = "Invalid value specified for property 'issuer': it must be an https URL without query and fragment."
    throw new DirectoryError('invalid', text)
  }

  function refuseOwnIssuer(issuer: string): void {
    const { origin } = new URL(issuer)
    if (origin !== publicOrigin) return
    throw new DirectoryError('invalid', 'The issuer of a federated identity credential must be another one than this.')
  }

  async function create(
    transaction: Transaction,
    { holderId, appId }: FederatedHolder,
    { name, issuer, audience, trust, description, mayShareTrust }: FederatedCredentialRequest,
  ): Promise<FederatedCredentialRow> {
    // It may end what is remembered: a token that two applications trust proves neither by itself.
    transaction.changesAuthority()
    refuseOwnIssuer(issuer)
    if ((await store.ofHolder(transaction, holderId)).length >= credentialLimit) {
      const text = `An object has at most ${credentialLimit} federated identity credentials.`
      throw new DirectoryError('quota', text)
    }
    const row = {
      id: randomUUID(),
      credential_id: randomUUID(),
      holder_id: holderId,
      app_id: appId,
      name,
      name_key: nameKey(name),
      issuer,
      audience,
      ...trustColumns(trust),
      description,
      created_at_ms: clock.now(),
    }
    if (mayShareTrust !== true) await refuseSharedTrust(transaction, row)
    if (!(await store.insert(transaction, row))) throw conflict()
    return row
  }

  /**
   * A token that several applications trust signs nobody in who names none of them. So nobody may do that to another's
   * application.
   *
   * @throws DirectoryError where another application may trust the same token; it says nothing of the other
   */
  async function refuseSharedTrust(transaction: Transaction, row: FederatedCredentialRow): Promise<void> {
    const others = await store.ofOthers(transaction, row, comparisonLimit)
    const isShared = others.some((other) => mayMatchSameToken(trustOf(other), trustOf(row)))
    if (!isShared && others.length < comparisonLimit) return
    const text =
      'Insufficient privileges to complete the operation: only a directory owner may trust tokens that another application may trust too. Ask one, or use an audience of your own.'
    throw new DirectoryError('forbidden', text)
  }

  /** By id or by name, as Graph finds them. */
  async function find(
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

  async function update(
    transaction: Transaction,
    holderId: string,
    idOrName: string,
    change: FederatedCredentialChange,
  ): Promise<FederatedCredentialRow> {
    transaction.changesAuthority()
    const row = await find(transaction, holderId, idOrName)
    if (change.name !== undefined && change.name !== row.name) {
      throw new DirectoryError('invalid', "The property 'name' of a federated identity credential cannot be changed.")
    }
    const issuer = change.issuer ?? row.issuer
    refuseOwnIssuer(issuer)
    const trust = change.trust ?? trustOf(row)
    const audience = change.audience ?? row.audience
    const isSame = issuer === row.issuer && audience === row.audience && trustText(trust) === row.trust_text
    const updated = {
      // What somebody else's token proved is no proof any more.
      credential_id: isSame ? row.credential_id : randomUUID(),
      issuer,
      audience,
      ...trustColumns(trust),
      description: change.description === undefined ? row.description : change.description,
    }
    if (!isSame && change.mayShareTrust !== true) await refuseSharedTrust(transaction, { ...row, ...updated })
    const others = (await store.ofHolder(transaction, holderId)).filter(({ id }) => id !== row.id)
    if (others.some((other) => other.issuer === issuer && other.trust_text === updated.trust_text)) throw conflict()
    await store.update(transaction, row.id, updated)
    return { ...row, ...updated }
  }

  async function remove(transaction: Transaction, holderId: string, idOrName: string): Promise<FederatedCredentialRow> {
    transaction.changesAuthority()
    const row = await find(transaction, holderId, idOrName)
    await store.delete(transaction, row.id)
    return row
  }

  /** Which credential trusts what a token says; of `appId`, or the only one of all. */
  async function match(assertion: OutsideAssertion, appIdText: string | undefined): Promise<FederatedMatch> {
    const { issuer } = assertion
    if (appIdText === undefined) {
      const rows: FoundFederatedRow[] = []
      for (const key of trustKeysOf(assertion)) {
        for (const row of await remembered(`trust ${issuer} ${key}`, () => store.byTrust(issuer, key))) rows.push(row)
      }
      if (rows.length === 0 && !(await store.hasIssuer(issuer))) return { outcome: 'issuer' }
      return judge(rows, assertion)
    }
    const appId = parseGuid(appIdText)
    if (appId === undefined) return { outcome: 'issuer' }
    const rows = await remembered(`application ${appId} ${issuer}`, () => store.ofApplication(appId, issuer))
    return rows.length === 0 ? { outcome: 'issuer' } : judge(rows, assertion)
  }

  return {
    requireIssuer,
    requireTrust,
    create: async (transaction: Transaction, holder: FederatedHolder, request: FederatedCredentialRequest) =>
      toFederatedCredentialRecord(await create(transaction, holder, request)),
    find: async (transaction: Transaction | undefined, holderId: string, idOrName: string) =>
      toFederatedCredentialRecord(await find(transaction, holderId, idOrName)),
    update: async (transaction: Transaction, holderId: string, idOrName: string, change: FederatedCredentialChange) =>
      toFederatedCredentialRecord(await update(transaction, holderId, idOrName, change)),
    remove: async (transaction: Transaction, holderId: string, idOrName: string) =>
      toFederatedCredentialRecord(await remove(transaction, holderId, idOrName)),
    match,
    list: async (holderId: string): Promise<FederatedCredentialRecord[]> =>
      (await store.ofHolder(undefined, holderId)).map(toFederatedCredentialRecord),
    /** Until when a federated credential stands by itself: it has no end of its own. */
    standsUntilMs: async (objectId: string, credentialId: string) => {
      const row = await store.standing(objectId, credentialId)
      return row?.enabled === 1 ? Number.POSITIVE_INFINITY : undefined
    },
  }
}

export type FederatedCredentials = ReturnType<typeof createFederatedCredentials>

/** @throws DirectoryError unless exactly one of the two is given, and is well formed */
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
  const text = `Invalid value specified for property 'claimsMatchingExpression/value': it must be ${form}, with one claim of sub, repository_id, repository_owner_id, project_id and namespace_id.`
  throw new DirectoryError('invalid', text)
}

/** The trust that a row holds. */
function trustOf(row: FederatedCredentialRow): FederatedTrust {
  if (row.subject !== null) return { kind: 'subject', subject: row.subject }
  const equalities = parseClaimsExpression(row.claims_expression ?? '')
  if (equalities === undefined) throw new Error(`the federated credential ${row.id} trusts nobody`)
  return { kind: 'claims', equalities }
}

function judge(rows: readonly FoundFederatedRow[], assertion: OutsideAssertion): FederatedMatch {
  const trusting = rows.filter((row) => trusts(trustOf(row), assertion))
  if (trusting.length === 0) return { outcome: 'subject' }
  // A token for several audiences can be sent on here by each of the others. [RFC 7523 §3]
  const [only, ...more] = assertion.audiences
  const matching = trusting.filter(({ audience }) => more.length === 0 && audience === only)
  const [first] = matching
  if (first === undefined) return { outcome: 'audience' }
  // One application may trust the same token twice, by its subject and by its claims.
  if (matching.some((row) => row.app_id !== first.app_id)) return { outcome: 'several' }
  const servicePrincipal = toServicePrincipal({ ...first, display_name: first.display_name ?? '' })
  const outcome = first.enabled === 1 ? 'matched' : 'disabled'
  return { outcome, servicePrincipal, credentialId: first.credential_id }
}

function trustColumns(trust: FederatedTrust) {
  return {
    subject: trust.kind === 'subject' ? trust.subject : null,
    claims_expression: trust.kind === 'claims' ? formatClaimsExpression(trust.equalities) : null,
    trust_key: trustKey(trust),
    trust_text: trustText(trust),
  }
}

function conflict(): DirectoryError {
  const text = 'FederatedIdentityCredential with the same name, or the same issuer and subject, already exists.'
  return new DirectoryError('conflict', text)
}
