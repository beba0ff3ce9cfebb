import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { openTestModules } from '../compose/test-modules.ts'
import type { NewServicePrincipal } from '../../src/credentials/index.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { listen } from '../../src/platform/http/listener.ts'
import { hashedPassword } from '../platform/test-hashed-password.ts'
import { watchResponses } from '../platform/test-responses.ts'
import type { Log } from '../../src/platform/log/log.ts'
import type { Database, DatabaseKind } from '../../src/platform/sql/database.ts'
import { usualDatabaseKind } from '../platform/test-database.ts'
import { managementRoutes } from '../../src/management/surface.ts'

export const tenantId = '20000000-0000-4000-8000-000000000002'
export const subscriptionId = '10000000-0000-4000-8000-000000000001'
const azClientId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
const armScope = 'https://management.core.windows.net//.default'
export const publicOrigin = 'https://acrux.example:5443'
export const subscriptionScope = `/subscriptions/${subscriptionId}`
export const groupScope = `${subscriptionScope}/resourceGroups/Default`

/** The path, and id, of a registry of the group `Default`. */
export function registryPath(name: string, group = groupScope): string {
  return `${group}/providers/Microsoft.ContainerRegistry/registries/${name}`
}

export const roleGuids = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  acrPush: '8311e382-0749-4cb8-b61a-304f252e45ec',
} as const

/** The body of a PUT that creates a registry. */
export function newRegistry(properties: object = {}, rest: object = {}) {
  return { location: 'local', sku: { name: 'Premium' }, properties, ...rest }
}

export type Answer = {
  readonly status: number
  /** Undefined if it is not JSON. */
  readonly body: unknown
  readonly text: string
  readonly headers: Headers
}

/** The member of a JSON value at a path of keys and indices; undefined if there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  )
}

/** The code of an error document. */
export function codeOf({ body }: Answer): unknown {
  return at(body, 'error', 'code')
}

/** One member of each item of a list. */
export function each({ body }: Answer, ...path: readonly (string | number)[]): unknown[] {
  const items = at(body, 'value')
  if (!Array.isArray(items)) throw new Error('the response is not a list')
  return items.map((item) => at(item, ...path))
}

type Modules = Awaited<ReturnType<typeof openTestModules>>['modules']

type CallOptions = { readonly token?: string; readonly headers?: Record<string, string>; readonly raw?: string }

export type AuditRow = {
  readonly action: string
  readonly outcome: string
  readonly actor_kind: string
  readonly actor_id: string
  readonly credential_kind: string | null
  readonly target: string
  readonly reason: string | null
  readonly detail: string | null
  readonly correlation_id: string
}

/**
 * The management API with all modules, a real database, a real socket, and an owner of the subscription. Every 2xx response
 * of the API must match its schema. The clock stands still.
 */
export async function openTestManagement(
  kind: DatabaseKind = usualDatabaseKind,
  trustedTenants: readonly string[] = [],
) {
  /** The names of the registries at each notification that they changed. */
  const registryChanges: string[][] = []
  const { modules, ...basis } = await openTestModules({
    kind,
    settings: {
      suffix: '.azurecr.example:5443',
      identityPasswordGrant: true,
      trustedTenants: JSON.stringify(trustedTenants.map((trusted) => ({ tenantId: trusted }))),
    },
    onRegistriesChanged: async () => {
      registryChanges.push((await modules.resources.listRegistries(subscriptionId)).map(({ name }) => name))
    },
  })
  const { database } = basis
  const owner = await createOwner(modules, database)
  const server = await serve(modules, basis.log)
  const ownerToken = await tokenFor(server.send, owner)
  const principals = createPrincipals(modules, database, server.send)
  const close = async () => {
    await server.close()
    await basis.close()
  }
  return {
    ...modules,
    ...basis,
    ...server,
    ...principals,
    credentialUses: modules.auditing.credentialUses,
    registryChanges,
    owner,
    ownerToken,
    arm: armClient(server.send, ownerToken),
    tokenFor: (principal: NewServicePrincipal, scope?: string) => tokenFor(server.send, principal, scope),
    events: async (): Promise<AuditRow[]> =>
      (await sql<AuditRow>`select * from audit_event order by seq`.execute(database.tables())).rows,
    close,
  }
}

/** Creates a tenant, a subscription, the group `Default`, and an owner of the subscription. */
async function createOwner(
  { directory, resources, credentials, access }: Modules,
  database: Database,
): Promise<NewServicePrincipal> {
  const owner = await database.transaction(async (transaction) => {
    const tenant = { tenantId, displayName: 'Contoso', defaultDomain: 'contoso.example' }
    await directory.createTenant(transaction, tenant)
    await resources.createSubscription(transaction, { subscriptionId, tenantId, displayName: 'Contoso' })
    await resources.putResourceGroup(transaction, { subscriptionId, name: 'Default', location: 'local', tags: {} })
    return credentials.createServicePrincipal(transaction, { displayName: 'owner', directoryRole: 'owner' })
  })
  await assign({ access }, database, [owner.servicePrincipal.objectId, roleGuids.owner, subscriptionScope])
  return owner
}

/** Assigns a role to a service principal, and returns the name of the assignment. */
async function assign(
  { access }: Pick<Modules, 'access'>,
  database: Database,
  [principalId, roleDefinitionName, scope]: readonly [principalId: string, role: string, scope: string],
): Promise<string> {
  const name = randomUUID()
  const fixed = {
    condition: null,
    conditionVersion: null,
    createdBy: 'test',
    principalType: 'ServicePrincipal',
  } as const
  await database.transaction((transaction) =>
    access.createAssignment(transaction, { name, scope, roleDefinitionName, principalId, ...fixed }),
  )
  return name
}

type Send = (method: string, url: string, init?: RequestInit) => Promise<Answer>

/** Serves the surfaces that the tests use. */
async function serve({ registry, tokenService, management, identity }: Modules, log: Log) {
  const app = createApp({ log, trustedProxies: [] })
  const mismatches = watchResponses(app, managementRoutes)
  for (const surface of [registry, tokenService, management, identity]) surface.mount(app)
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
  const base = `http://127.0.0.1:${listener.addresses[0]?.port}`
  const requireMatches = () => {
    if (mismatches.length > 0) throw new Error(mismatches.join('\n'))
  }
  const send: Send = async (method, url, init = {}) => {
    const response = await fetch(`${base}${url}`, { method, ...init })
    const text = await response.text()
    requireMatches()
    const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json') === true
    return { status: response.status, body: isJson ? JSON.parse(text) : undefined, text, headers: response.headers }
  }
  const close = async () => {
    await listener.close(0)
    await app.close()
    requireMatches()
  }
  return { app, base, send, close }
}

async function tokenFor(
  send: Send,
  { servicePrincipal, secret }: NewServicePrincipal,
  scope = armScope,
): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: servicePrincipal.appId, client_secret: secret, scope }
  const answer = await send('POST', `/${tenantId}/oauth2/v2.0/token`, { body: new URLSearchParams(form) })
  if (answer.status !== 200) throw new Error(answer.text)
  return String(at(answer.body, 'access_token'))
}

const testPassword = 'correct horse battery staple'

async function personToken(send: Send, username: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'password',
    client_id: azClientId,
    username,
    password: testPassword,
    scope: armScope,
  })
  const answer = await send('POST', `/${tenantId}/oauth2/v2.0/token`, { body })
  if (answer.status !== 200) throw new Error(answer.text)
  return String(at(answer.body, 'access_token'))
}

/** One request to the ARM surface, by the owner unless another token is given; with an `api-version` unless the path has a query. */
function armClient(send: Send, ownerToken: string) {
  return (method: string, url: string, body?: unknown, options: CallOptions = {}): Promise<Answer> => {
    const { token = ownerToken, headers = {}, raw } = options
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    return send(method, url.includes('?') ? url : `${url}?api-version=2025-03-01-preview`, {
      headers: {
        ...(token !== '' && { authorization: `Bearer ${token}` }),
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload !== undefined && method !== 'GET' && method !== 'HEAD' && { body: payload }),
    })
  }
}

function createPrincipals(modules: Modules, database: Database, send: Send) {
  const createPrincipal = (displayName: string, secretDays = 365): Promise<NewServicePrincipal> =>
    database.transaction((transaction) =>
      modules.credentials.createServicePrincipal(transaction, { displayName, secretDays }),
    )
  return {
    createPrincipal,
    /** A user, and their token for ARM. */
    createPerson: async (name: string) => {
      const password = await hashedPassword(testPassword)
      const person = { userPrincipalName: `${name}@contoso.example`, displayName: name, password }
      const { objectId } = await database.transaction((transaction) =>
        modules.directory.createUser(transaction, person),
      )
      return { objectId, token: await personToken(send, person.userPrincipalName) }
    },
    assign: (principalId: string, role: string, scope: string) => assign(modules, database, [principalId, role, scope]),
    /** A principal with one role at one scope, and its token for ARM. */
    principalWith: async (role: string, scope: string) => {
      const principal = await createPrincipal(`with ${role}`)
      await assign(modules, database, [principal.servicePrincipal.objectId, role, scope])
      return { ...principal, token: await tokenFor(send, principal) }
    },
  }
}
