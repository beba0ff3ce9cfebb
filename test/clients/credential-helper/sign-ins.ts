import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { arm, assignRole, expectStatus, graph, registryId, roles } from '../../harness/arm.ts'
import { mustRun, run } from '../../harness/clients.ts'
import { createPerson } from '../../harness/directory.ts'
import { stringAt } from '../../harness/json.ts'
import { createIdentity, startMachine } from '../../machines/machine.ts'
import { step } from '../az/az.ts'
import { type HelperHome, helperHome } from '../lib/credential-helper.ts'
import { signInByDevice } from '../lib/sign-in-by-device.ts'
import { type HelperScene, newPusher, principalArguments, signInBySecret, tokenOf } from './scene.ts'

/** A principal that has signed in. */
type SignedIn = {
  /** Claims of its tokens. */
  readonly claims: Readonly<Record<string, string>>
  /** The variables that its clients need. */
  readonly env?: Readonly<Record<string, string>>
  /** Ends its sign-in on the server. */
  readonly end: () => Promise<void>
  /** What the helper then says. */
  readonly says: RegExp
}

type Way = (client: HelperHome, scene: HelperScene) => Promise<SignedIn>

const byDevice: Way = async (client, { server }) => {
  const person = await createPerson(server, 'helped')
  for (const role of [roles.reader, roles.acrPush])
    await assignRole(server, { id: person.id, type: 'User' }, role, registryId(server))
  await signInByDevice(client, server, person)
  return {
    claims: { sub: person.userPrincipalName },
    end: async () => {
      expectStatus(await graph(server, 'POST', `/users/${person.id}/revokeSignInSessions`), 200, 204)
    },
    says: /the session of helped@acrux\.localhost has ended[^]*AADSTS\d+[^]*sign in again: acrux login --server https:\/\/localhost:\d+\n/,
  }
}

const bySecret: Way = async (client, { server }) => {
  const principal = await newPusher(server, 'by-secret')
  await signInBySecret(client, server, principal)
  return {
    claims: { appid: principal.appId },
    end: async () => {
      const application = `/applications/${principal.applicationObjectId}`
      const read = expectStatus(await graph(server, 'GET', application), 200).json()
      const keyId = stringAt(read, 'passwordCredentials', 0, 'keyId')
      expectStatus(await graph(server, 'POST', `${application}/removePassword`, { keyId }), 204)
    },
    says: /has ended[^]*AADSTS7000215[^]*sign in again: acrux login --server \S+ --service-principal -u \S+ --tenant \S+ -p -\n/,
  }
}

const byCertificate: Way = async (client, { server }) => {
  const principal = await newPusher(server, 'by-certificate')
  const file = join(client.home.path, 'app.pem')
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${file}.key`, '-out', `${file}.cert`]
  await mustRun('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=app'], { env: client.env })
  const certificate = readFileSync(`${file}.cert`, 'utf8')
  writeFileSync(file, readFileSync(`${file}.key`, 'utf8') + certificate, { mode: 0o600 })
  const raw = new X509Certificate(certificate).raw.toString('base64')
  const replaceKeys = async (keyCredentials: readonly object[]): Promise<void> => {
    const application = `/applications/${principal.applicationObjectId}`
    expectStatus(await graph(server, 'PATCH', application, { keyCredentials }), 204)
  }
  await replaceKeys([{ type: 'AsymmetricX509Cert', usage: 'Verify', key: raw }])
  await client.text([...principalArguments(server, principal.appId), '--certificate', file])
  return {
    claims: { appid: principal.appId },
    end: () => replaceKeys([]),
    says: /has ended[^]*AADSTS700027[^]*sign in again: acrux login [^]*--certificate \S+app\.pem\n/,
  }
}

const byFederatedToken: Way = async (client, { server, issuer }) => {
  const principal = await newPusher(server, 'by-federated-token')
  const trust = { name: 'job', issuer: issuer.origin, subject: 'job', audiences: ['api://AzureADTokenExchange'] }
  const path = `/applications/${principal.applicationObjectId}/federatedIdentityCredentials`
  const id = stringAt(expectStatus(await graph(server, 'POST', path, trust), 201).json(), 'id')
  const file = join(client.home.path, 'token')
  writeFileSync(file, issuer.token({ sub: 'job', aud: 'api://AzureADTokenExchange' }))
  await client.text([...principalArguments(server, principal.appId), '--federated-token', `@${file}`])
  return {
    claims: { appid: principal.appId },
    end: async () => {
      expectStatus(await graph(server, 'DELETE', `${path}/${id}`), 204)
    },
    says: /has ended[^]*AADSTS\d+[^]*sign in again: acrux login [^]*--federated-token '?@\S+token'?\n/,
  }
}

/** Tests each way to sign in: the helper answers while the sign-in lasts, and says how to sign in again when it has ended. */
export function testSignIns(scene: HelperScene): void {
  const ways = [
    ['a person', byDevice],
    ['a service principal with a secret', bySecret],
    ['a service principal with a certificate', byCertificate],
    ['a federated token in a file', byFederatedToken],
  ] as const
  for (const [name, way] of ways) {
    step(
      `the helper signs clients in as ${name}, and says when the sign-in has ended`,
      ['skopeo', 'podman', 'buildah', 'oras', 'openssl'],
      async () => {
        const { server } = scene
        const { loginServer, registry } = server.firstRun
        using client = helperHome(server.caFile)
        const { claims, end, says } = await way(client, scene)
        await client.text(['acr', 'login', '-n', registry, '--helper'])
        assert.partialDeepStrictEqual(await tokenOf(client, loginServer), { aud: loginServer, ...claims })
        const inspect = ['inspect', '--format', '{{.Digest}}', `docker://${loginServer}/team/app:1`]
        await mustRun('skopeo', inspect, { env: client.env })
        await end()
        // For a minute, the helper does not ask the server again, and the registry denies the cached token.
        await client.helper('erase', loginServer)
        const denied = await client.helper('get', loginServer)
        assert.equal(denied.code, 1, denied.stdout)
        assert.match(denied.stderr, says)
        const image = `${loginServer}/team/app:1`
        for (const [program, args] of [
          ['skopeo', inspect],
          ['podman', ['pull', image]],
          ['buildah', ['pull', '--policy', 'always', image]],
          ['oras', ['manifest', 'fetch', '--plain-http=false', image]],
        ] as const) {
          const shown = await run(program, args, { env: client.env })
          assert.notEqual(shown.code, 0, program)
          assert.match(shown.stderr, says, program)
          assert.doesNotMatch(shown.stderr, /invalid username\/password|incorrect/i, program)
        }
      },
    )
  }
  step('the helper signs skopeo in as a managed identity', ['skopeo'], async () => {
    const { server } = scene
    const { loginServer, registry, resourceManager } = server.firstRun
    const identity = await createIdentity(server, 'helped')
    for (const role of [roles.reader, roles.acrPush])
      await assignRole(server, identity.objectId, role, registryId(server))
    await using machine = await startMachine(server, 'helped', [identity])
    using client = helperHome(server.caFile)
    const env = machine.imds
    const login = ['login', '--server', resourceManager, '--ca-file', server.caFile, '--identity']
    await client.text([...login, '--client-id', identity.clientId], { env })
    await client.text(['acr', 'login', '-n', registry, '--helper'], { env })
    assert.partialDeepStrictEqual(await tokenOf(client, loginServer, env), { appid: identity.clientId })
    await mustRun('skopeo', ['list-tags', `docker://${loginServer}/team/app`], { env: { ...client.env, ...env } })
    expectStatus(await arm(server, 'DELETE', `${identity.id}?api-version=2023-01-31`), 200, 204)
    await client.helper('erase', loginServer)
    const denied = await client.helper('get', loginServer, env)
    assert.equal(denied.code, 1)
    assert.match(
      denied.stderr,
      /acrux acr why \S+ explains the denial; or sign in again: acrux login --server \S+ --identity --client-id /,
    )
  })
}
