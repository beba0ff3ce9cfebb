import { createHash } from 'node:crypto'
import {
  arm,
  armScope,
  as,
  assignRole,
  createServicePrincipal,
  expectStatus,
  graph,
  type NewServicePrincipal,
  principalWithRole,
  registryId,
  removeRole,
  roles,
} from '../../harness/arm.ts'
import { stringAt } from '../../harness/json.ts'
import { askToken } from '../../harness/person.ts'
import { nullGuid } from '../../harness/registry.ts'
import type { RunningServer } from '../../harness/server.ts'
import type { TokenIssuer } from '../../harness/token-issuer.ts'
import { attackerKeys, selfSignedCertificate, signedBy, timesNow } from '../../faults/forged-token.ts'
import type { StandInTenant } from '../../harness/stand-in-tenant.ts'
import { addSecret, removeSecret } from '../tokens.ts'
import type { Given, Revocation } from './case.ts'
import { byExchange, byIdentityTokens, byPassword, byWorkloadToken, type Holding } from './held.ts'

const audience = 'api://AzureADTokenExchange'
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The credential of a program at the token endpoint of the provider. */
type Proof = () => Readonly<Record<string, string>>

/** Everything that a program obtains with one of its credentials. */
async function byCredential(server: RunningServer, appId: string, proof: Proof): Promise<Holding> {
  const ask = (scope: string) =>
    askToken(server, { grant_type: 'client_credentials', client_id: appId, scope, ...proof() })
  const token = async (scope: string) => stringAt(expectStatus(await ask(scope), 200).json(), 'access_token')
  const graphToken = await token(`${server.baseUrl}/graph//.default`)
  return { provider: () => ask(armScope), ...(await byIdentityTokens(server, await token(armScope), { graphToken })) }
}

async function bySecret(server: RunningServer, appId: string, secret: string): Promise<Holding> {
  const all = await byCredential(server, appId, () => ({ client_secret: secret }))
  return { ...(await byPassword(server, { username: appId, password: secret })), ...all }
}

const program = (server: RunningServer): Promise<NewServicePrincipal> =>
  principalWithRole(server, 'program', roles.reader)

async function patch(server: RunningServer, path: string, body: object): Promise<unknown> {
  return expectStatus(await graph(server, 'PATCH', path, body), 204)
}

async function remove(server: RunningServer, path: string): Promise<unknown> {
  return expectStatus(await graph(server, 'DELETE', path), 204)
}

const secretRows = ['client_secret']

function secrets(server: RunningServer): Revocation[] {
  const ofWhole = (
    when: string,
    fields: readonly string[],
    take: (made: NewServicePrincipal) => Promise<unknown>,
  ): Revocation => ({
    when,
    fields,
    loss: 'credential',
    give: async () => {
      const made = await program(server)
      return { held: await bySecret(server, made.appId, made.password), take: () => take(made) }
    },
  })
  return [
    {
      when: 'a secret of the application is removed',
      fields: secretRows,
      loss: 'credential',
      give: async () => {
        const made = await program(server)
        const secret = await addSecret(server, made, 3_600_000)
        return {
          held: await bySecret(server, made.appId, secret.password),
          kept: await bySecret(server, made.appId, made.password),
          take: () => removeSecret(server, made, secret.keyId),
        }
      },
    },
    {
      when: 'a secret of the service principal itself is removed',
      fields: secretRows,
      loss: 'credential',
      give: async () => {
        const made = await program(server)
        const path = `/servicePrincipals/${made.objectId}`
        const added = expectStatus(await graph(server, 'POST', `${path}/addPassword`, {}), 200).json()
        const keyId = stringAt(added, 'keyId')
        return {
          held: await bySecret(server, made.appId, stringAt(added, 'secretText')),
          kept: await bySecret(server, made.appId, made.password),
          take: async () => expectStatus(await graph(server, 'POST', `${path}/removePassword`, { keyId }), 204),
        }
      },
    },
    ofWhole('the service principal is disabled', ['service_principal.enabled'], ({ objectId }) =>
      patch(server, `/servicePrincipals/${objectId}`, { accountEnabled: false }),
    ),
    ofWhole('the service principal is deleted', ['service_principal', 'role_assignment'], ({ objectId }) =>
      remove(server, `/servicePrincipals/${objectId}`),
    ),
    ofWhole(
      'the application is deleted',
      ['application', 'application_owner', 'service_principal', 'role_assignment', ...secretRows],
      ({ applicationObjectId }) => remove(server, `/applications/${applicationObjectId}`),
    ),
  ]
}

const dayMs = 24 * 3600_000

function certificates(server: RunningServer): Revocation[] {
  const one = (when: string, pathOf: (made: NewServicePrincipal) => string): Revocation => ({
    when,
    fields: ['client_certificate'],
    loss: 'credential',
    give: async () => {
      const made = await program(server)
      const keys = attackerKeys('RS256')
      const key = selfSignedCertificate(keys, new Date(Date.now() - dayMs), new Date(Date.now() + 90 * dayMs))
      const path = pathOf(made)
      await patch(server, path, { keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key }] })
      const header = {
        alg: 'RS256',
        typ: 'JWT',
        'x5t#S256': createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64url'),
      }
      const aud = `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/v2.0/token`
      const proof = () => {
        const claims = { iss: made.appId, sub: made.appId, aud, ...timesNow() }
        return { client_assertion_type: jwtBearer, client_assertion: signedBy(keys, header, claims) }
      }
      return {
        held: await byCredential(server, made.appId, proof),
        kept: await bySecret(server, made.appId, made.password),
        take: () => patch(server, path, { keyCredentials: [] }),
      }
    },
  })
  return [
    one(
      'a certificate of the application is removed',
      ({ applicationObjectId }) => `/applications/${applicationObjectId}`,
    ),
    one('a certificate of the service principal itself is removed', ({ objectId }) => `/servicePrincipals/${objectId}`),
  ]
}

let jobs = 0

/** A job whose token is a password of the registry, and all access that it gives. */
async function byWorkloadPassword(
  server: RunningServer,
  issuer: TokenIssuer,
  made: NewServicePrincipal,
  aud = server.firstRun.loginServer,
): Promise<{ readonly held: readonly Holding[]; readonly path: string }> {
  jobs += 1
  const sub = `system:serviceaccount:team:builder-${jobs}`
  const collection = `/applications/${made.applicationObjectId}/federatedIdentityCredentials`
  const trust = { name: 'registry', issuer: issuer.origin, subject: sub, audiences: [aud] }
  expectStatus(await graph(server, 'POST', collection, trust), 201)
  const password = issuer.token({ sub, aud })
  return {
    held: [
      await byWorkloadToken(server, { username: nullGuid, password }),
      await byWorkloadToken(server, { username: made.appId, password }),
    ],
    path: `${collection}/registry`,
  }
}

function workloadPasswords(server: RunningServer, issuer: TokenIssuer): Revocation[] {
  const one = (
    when: string,
    fields: readonly string[],
    take: (made: NewServicePrincipal, path: string) => Promise<unknown>,
  ): Revocation => ({
    when: `a workload token is the password and ${when}`,
    fields,
    loss: 'credential',
    give: async () => {
      const made = await program(server)
      const { held, path } = await byWorkloadPassword(server, issuer, made)
      return { held, take: () => take(made, path) }
    },
  })
  const application = ['application', 'application_owner', 'service_principal', 'role_assignment', ...secretRows]
  const setAudiences = async (workloadTokenAudiences: readonly string[]) => {
    const body = { properties: { acrux: { workloadTokenAudiences } } }
    expectStatus(await arm(server, 'PATCH', registryId(server), body), 200)
  }
  return [
    one('the federated credential is deleted', ['federated_credential'], (_made, path) => remove(server, path)),
    one('the federated credential trusts another subject', trustColumns, (_made, path) =>
      patch(server, path, { subject: 'system:serviceaccount:team:other' }),
    ),
    one('the service principal is disabled', ['service_principal.enabled'], ({ objectId }) =>
      patch(server, `/servicePrincipals/${objectId}`, { accountEnabled: false }),
    ),
    one('the application is deleted', [...application, 'federated_credential'], ({ applicationObjectId }) =>
      remove(server, `/applications/${applicationObjectId}`),
    ),
    {
      when: 'a workload token is the password and its role is removed',
      fields: ['role_assignment'],
      loss: 'right',
      give: async () => {
        const made = await createServicePrincipal(server, 'job')
        const assignment = await assignRole(server, made.objectId, roles.acrPull, registryId(server))
        const { held } = await byWorkloadPassword(server, issuer, made)
        return { held, take: () => removeRole(server, assignment) }
      },
    },
    {
      when: 'the registry no longer accepts the audience of a workload token',
      fields: ['registry.properties.workloadTokenAudiences'],
      loss: 'credential',
      give: async () => {
        await setAudiences(['api://shared'])
        const { held } = await byWorkloadPassword(server, issuer, await program(server), 'api://shared')
        return { held, take: () => setAudiences([]) }
      },
    },
  ]
}

const trustColumns = ['credential_id', 'trust_key', 'trust_text', 'subject'].map(
  (name) => `federated_credential.${name}`,
)

function federatedCredentials(server: RunningServer, issuer: TokenIssuer): Revocation[] {
  const one = (when: string, columns: readonly string[], change: object | undefined): Revocation => ({
    when,
    fields: columns.length === 0 ? ['federated_credential'] : columns.map((name) => `federated_credential.${name}`),
    loss: 'credential',
    give: async (): Promise<Given> => {
      const made = await program(server)
      jobs += 1
      const sub = `repo:octo/app-${jobs}:ref:refs/heads/main`
      const collection = `/applications/${made.applicationObjectId}/federatedIdentityCredentials`
      const trust = { name: 'main', issuer: issuer.origin, subject: sub, audiences: [audience] }
      expectStatus(await graph(server, 'POST', collection, trust), 201)
      const token = issuer.token({ sub, aud: audience })
      const proof = () => ({ client_assertion_type: jwtBearer, client_assertion: token })
      const path = `${collection}/main`
      return {
        held: [await byCredential(server, made.appId, proof), await byExchange(server, token)],
        kept: await bySecret(server, made.appId, made.password),
        take: () => (change === undefined ? remove(server, path) : patch(server, path, change)),
      }
    },
  })
  const trust = ['credential_id', 'trust_key', 'trust_text']
  return [
    one('a federated credential is deleted', [], undefined),
    one('a federated credential trusts another subject', [...trust, 'subject'], { subject: 'repo:octo/other' }),
    one('a federated credential trusts another issuer', ['credential_id', 'issuer'], {
      issuer: 'https://issuer.example',
    }),
    one('a federated credential wants another audience', ['credential_id', 'audience'], {
      audiences: ['api://another'],
    }),
    one('a federated credential wants other claims', [...trust, 'subject', 'claims_expression'], {
      subject: null,
      claimsMatchingExpression: { value: "claims['repository_id'] eq '1001'", languageVersion: 1 },
    }),
  ]
}

/** What a principal may do in the directory, to an application or a group of another. */
function directoryRights(server: RunningServer): Revocation[] {
  const one = (
    when: string,
    fields: readonly string[],
    give: (made: NewServicePrincipal) => Promise<{ read: string; take: () => Promise<unknown> }>,
  ): Revocation => ({
    when,
    fields,
    loss: 'right',
    give: async () => {
      const made = await createServicePrincipal(server, 'somebody')
      const { read, take } = await give(made)
      const answer = await askToken(server, {
        grant_type: 'client_credentials',
        client_id: made.appId,
        client_secret: made.password,
        scope: `${server.baseUrl}/graph//.default`,
      })
      const token = stringAt(expectStatus(answer, 200).json(), 'access_token')
      return { held: { graph: () => graph(as(server, token), 'GET', read) }, take }
    },
  })
  const reference = ({ objectId }: NewServicePrincipal) => ({
    '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${objectId}`,
  })
  const owned = (collection: string) => async (made: NewServicePrincipal) => {
    expectStatus(await graph(server, 'POST', `${collection}/owners/$ref`, reference(made)), 204)
    return { read: collection, take: () => remove(server, `${collection}/owners/${made.objectId}/$ref`) }
  }
  const withRole =
    (role: string, read: string) =>
    async ({ objectId }: NewServicePrincipal) => {
      const path = '/roleManagement/directory/roleAssignments'
      const body = { principalId: objectId, roleDefinitionId: role, directoryScopeId: '/' }
      const id = stringAt(expectStatus(await graph(server, 'POST', path, body), 201).json(), 'id')
      return { read, take: () => remove(server, `${path}/${id}`) }
    }
  const role = ['service_principal.directory_role']
  return [
    one('an owner of an application is one no more', ['application_owner'], async (made) => {
      const { applicationObjectId } = await createServicePrincipal(server, 'owned')
      return owned(`/applications/${applicationObjectId}`)(made)
    }),
    one('an owner of a group is one no more', ['group_owner'], async (made) => {
      const body = { displayName: 'owned', mailNickname: 'owned', mailEnabled: false, securityEnabled: true }
      const id = stringAt(expectStatus(await graph(server, 'POST', '/groups', body), 201).json(), 'id')
      return owned(`/groups/${id}`)(made)
    }),
    one('an owner of the directory is one no more', role, withRole('62e90394-69f5-4237-9190-012177145e10', '/users')),
    one('a reader of the directory is one no more', role, withRole('88d8e3e3-8f55-4a1e-953a-9b9898b8876b', '/users')),
  ]
}

/** A user of a trusted tenant of Entra. */
export async function guest(server: RunningServer, tenant: StandInTenant) {
  const oid = crypto.randomUUID()
  await assignRole(server, oid, roles.reader, registryId(server))
  const aud = 'https://containerregistry.azure.net'
  const token = tenant.token({ oid, sub: oid, idtyp: 'app', appid: oid, aud })
  return { oid, held: await byExchange(server, token, { tenant: tenant.tenantId }) }
}

/** Programs by their secrets, certificates and the tokens of others; what they may do in the directory; guests. */
export function programsRevocations(server: RunningServer, issuer: TokenIssuer, tenant: StandInTenant): Revocation[] {
  return [
    ...secrets(server),
    ...certificates(server),
    ...federatedCredentials(server, issuer),
    ...workloadPasswords(server, issuer),
    ...directoryRights(server),
    {
      when: 'the signing keys are withdrawn',
      fields: ['signing_key'],
      loss: 'credential',
      give: async () => {
        const made = await program(server)
        const {
          provider,
          basic,
          password,
          'password grant': grant,
          ...held
        } = await bySecret(server, made.appId, made.password)
        const path = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/withdrawSigningKeys`
        const take = async () => expectStatus(await arm(server, 'POST', path), 200)
        return { held, kept: { provider, basic, password, 'password grant': grant }, take }
      },
    },
    {
      when: 'somebody of a trusted tenant is forgotten',
      fields: ['external_principal', 'role_assignment'],
      loss: 'credential',
      give: async () => {
        const { oid, held } = await guest(server, tenant)
        return { held, take: () => remove(server, `/directoryObjects/${oid}`) }
      },
    },
  ]
}
