import { DirectoryError, type ServicePrincipalRecord } from '../../directory/index.ts'
import type { SeedContext, SeedPlan } from './context.ts'
import { derivedId } from './derived-id.ts'
import type { SeedDocument } from './read-seed.ts'
import type { Seed } from './schema.ts'
import type { SeedPath } from './seed-error.ts'

type ApplicationSeed = Seed['applications'][number]

const defaultSecretMs = 365 * 24 * 60 * 60 * 1000

/** An application in the seed document, with its ids. */
type Planned = {
  readonly wanted: ApplicationSeed
  readonly path: SeedPath
  readonly plan: SeedPlan
  readonly present: ServicePrincipalRecord | undefined
  /** The object id of the application. */
  readonly holderId: string
  readonly appId: string
  /** The object id of the service principal. */
  readonly objectId: string
}

/** Plans the changes of the applications, their service principals and their credentials. */
export async function planApplications(context: SeedContext, document: SeedDocument, plan: SeedPlan): Promise<void> {
  for (const [index, wanted] of document.seed.applications.entries()) {
    const path = ['applications', index]
    const name = `applications/${wanted.name}`
    const appId = wanted.appId ?? derivedId(`${name}/appId`)
    const present = await context.directory.applications.servicePrincipalOf(appId)
    const objectId = wanted.objectId ?? present?.objectId ?? derivedId(`${name}/objectId`)
    if (present !== undefined && present.objectId !== objectId) {
      throw document.errorAt(
        [...path, 'objectId'],
        `must be ${present.objectId}, the id of the existing service principal`,
      )
    }
    const holderId = present?.applicationId ?? derivedId(`${name}/id`)
    plan.principals.push({ kind: 'service-principal', name: wanted.name, objectId })
    const planned = { wanted, path, plan, present, holderId, appId, objectId }
    if (present === undefined) planNewApplication(context, planned)
    else if (present.displayName !== wanted.name) planNewName(context, planned)
    await planSecrets(context, planned)
    await planFederation(context, document, planned)
  }
}

function planNewApplication(
  { directory }: SeedContext,
  { wanted, path, plan, holderId, appId, objectId }: Planned,
): void {
  const { name: displayName } = wanted
  plan.changes.push({
    path,
    make: async (transaction) => {
      await directory.applications.createApplication(transaction, { displayName, objectId: holderId, appId }, null)
      return { action: 'application.create', target: `applications/${holderId}`, detail: { appId, displayName } }
    },
  })
  plan.changes.push({
    path,
    make: async (transaction) => {
      const principal = { enabled: true, directoryRole: null, objectId }
      await directory.applications.createServicePrincipal(transaction, appId, principal)
      return { action: 'service-principal.create', target: `servicePrincipals/${objectId}`, detail: { appId } }
    },
  })
}

function planNewName({ directory }: SeedContext, { wanted, path, plan, holderId }: Planned): void {
  plan.changes.push({
    path: [...path, 'name'],
    make: async (transaction) => {
      await directory.applications.updateApplication(transaction, holderId, { displayName: wanted.name })
      const detail = { properties: ['displayName'] }
      return { action: 'application.update', target: `applications/${holderId}`, detail }
    },
  })
}

async function planSecrets({ credentials, clock }: SeedContext, planned: Planned): Promise<void> {
  const { wanted, path, plan, present, holderId, appId } = planned
  for (const [index, { value, expiresIn = defaultSecretMs }] of wanted.secrets.entries()) {
    if (present !== undefined && (await credentials.secrets.has(appId, value))) continue
    plan.changes.push({
      path: [...path, 'secrets', index],
      make: async (transaction) => {
        const request = { displayName: null, startsAtMs: undefined, expiresAtMs: clock.now() + expiresIn }
        const holder = { kind: 'applications', holderId, appId } as const
        const { secret, insert } = credentials.secrets.prepare(holder, { ...request, secretText: value })
        await insert(transaction)
        const detail = { keyId: secret.keyId, expiresAtMs: secret.expiresAtMs }
        return { action: 'client-secret.create', target: `applications/${holderId}`, detail }
      },
    })
  }
}

async function planFederation(
  { credentials }: SeedContext,
  { errorAt }: SeedDocument,
  { wanted, path, plan, present, holderId, appId }: Planned,
): Promise<void> {
  const stored = present === undefined ? [] : await credentials.federatedCredentials.list(holderId)
  for (const [index, { issuer, subject, audience, name }] of wanted.federated.entries()) {
    const at = [...path, 'federated', index]
    requireIssuer(credentials.federatedCredentials, issuer, (message) => errorAt([...at, 'issuer'], message))
    const isSame = (other: (typeof stored)[number]) =>
      other.issuer === issuer && other.subject === subject && other.audience === audience
    if (stored.some(isSame)) continue
    const request = {
      name: name ?? derivedId(`federated/${issuer}/${subject}/${audience}`),
      issuer,
      audience,
      trust: { kind: 'subject', subject },
      description: null,
      mayShareTrust: true,
    } as const
    const known = stored.find(
      (other) => other.name === request.name || (other.issuer === issuer && other.subject === subject),
    )
    plan.changes.push({
      path: at,
      make: async (transaction) => {
        const { federatedCredentials } = credentials
        const { id } = await (known === undefined
          ? federatedCredentials.create(transaction, { holderId, appId }, request)
          : federatedCredentials.update(transaction, holderId, known.id, { ...request, name: known.name }))
        const action = known === undefined ? 'federated-credential.create' : 'federated-credential.update'
        return { action, target: `applications/${holderId}`, detail: { id, issuer, subject } }
      },
    })
  }
}

function requireIssuer(
  { requireIssuer: require }: Pick<SeedContext['credentials']['federatedCredentials'], 'requireIssuer'>,
  issuer: string,
  errorOf: (message: string) => Error,
): void {
  try {
    require(issuer)
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
    throw errorOf('must be an https URL without a query or fragment, to which the server may connect')
  }
}
