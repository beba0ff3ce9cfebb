import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { type NewServicePrincipal, createRegistry, expectStatus, graph } from '../harness/arm.ts'
import type { Ran } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer } from '../harness/token-issuer.ts'
import { type Az, azHome, loginServerSuffix, signIn, step } from './az/az.ts'
import { newPusher, signInBySecret } from './credential-helper/scene.ts'
import { type HelperHome, helperHome } from './lib/credential-helper.ts'

const server = await startServer()
/** Its certificate authority is another one. */
const issuer = await startTokenIssuer()
after(async () => {
  await issuer[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
const { registry, loginServer } = server.firstRun
await createRegistry(server, 'second')

/** A principal that is signed in with both programs. */
type Scene = { readonly client: HelperHome; readonly az: Az; readonly principal: NewServicePrincipal }

type Failure = {
  readonly name: string
  /** Makes the commands fail. */
  readonly cause?: (scene: Scene) => Promise<void> | void
  readonly registry?: string
  readonly loginServer?: string
  /** Whether az has the case. */
  readonly az: boolean
  readonly says: RegExp
}

const inSuffix = (name: string): string => `${name}${loginServerSuffix(server)}`

/** In this order: the last one stops the server. */
const failures: readonly Failure[] = [
  { name: 'an unknown registry', registry: 'missing', loginServer: inSuffix('missing'), az: true, says: /missing/ },
  { name: 'a denied right', registry: 'second', loginServer: inSuffix('second'), az: true, says: /no role/ },
  {
    name: 'an expired sign-in',
    cause: async ({ client, az, principal }) => {
      const application = `/applications/${principal.applicationObjectId}`
      const read = expectStatus(await graph(server, 'GET', application), 200).json()
      const keyId = stringAt(read, 'passwordCredentials', 0, 'keyId')
      expectStatus(await graph(server, 'POST', `${application}/removePassword`, { keyId }), 204)
      dropTokens(client)
      rmSync(join(az.home.path, 'azure', 'msal_token_cache.json'), { force: true })
    },
    az: true,
    says: /AADSTS7000215/,
  },
  {
    name: 'a wrong certificate authority',
    cause: ({ client }) => {
      const ca = readFileSync(issuer.caFile, 'utf8')
      changeProfile(client, (profile) => {
        const clouds = profile['clouds'] as readonly object[]
        return { ...profile, clouds: clouds.map((cloud) => ({ ...cloud, ca })) }
      })
      dropTokens(client)
    },
    az: true,
    says: /was issued by an untrusted certificate authority/,
  },
  {
    name: 'a malformed profile',
    cause: ({ client }) => writeFileSync(join(client.configDir, 'profile.json'), '{', { mode: 0o600 }),
    az: false,
    says: /profile\.json cannot be used: the file is not valid JSON/,
  },
  {
    name: 'an unreachable server',
    cause: async ({ client }) => {
      dropTokens(client)
      await server.stop()
    },
    az: true,
    says: /connection was refused|Could not connect/,
  },
]

function changeProfile(client: HelperHome, change: (profile: Record<string, unknown>) => object): void {
  const file = join(client.configDir, 'profile.json')
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify(change(profile)), { mode: 0o600 })
}

/** Deletes the cached tokens, as if they had expired. */
function dropTokens(client: HelperHome): void {
  const file = join(client.configDir, 'secrets.json')
  const secrets = JSON.parse(readFileSync(file, 'utf8')) as { signIns: Record<string, { tokens?: unknown }> }
  for (const each of Object.values(secrets.signIns)) delete each.tokens
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
}

for (const [index, failure] of failures.entries()) {
  step(`${failure.name} is one clear error with the exit code of az`, ['az'], async () => {
    const principal = await newPusher(server, `failing-${index}`)
    using client = helperHome(server.caFile)
    using az = azHome(server.caFile)
    await signInBySecret(client, server, principal)
    await client.text(['acr', 'login', '-n', registry, '--helper'])
    if (failure.az) await signIn(az, server, principal)
    await failure.cause?.({ client, az, principal })

    const name = failure.registry ?? registry
    const helper = await client.helper('get', failure.loginServer ?? loginServer)
    assert.equal(helper.code, 1)
    assertClear(helper, failure.says)
    const env = failure.name.includes('authority') ? { REQUESTS_CA_BUNDLE: issuer.caFile } : undefined
    for (const args of [
      ['acr', 'login', '-n', name, '--expose-token'],
      ['acr', 'repository', 'list', '-n', name],
    ]) {
      const ran = await client.run(args)
      if (failure.az) assert.equal(ran.code, (await az.run(args, env)).code, `${args.join(' ')}\n${ran.stderr}`)
      else assert.equal(ran.code, 1)
      assertClear(ran, failure.says)
    }
  })
}

/** One message with the reason, and the next step below it; no stack trace, no secret. */
function assertClear({ stderr }: Ran, says: RegExp): void {
  assert.match(stderr, says)
  assert.match(stderr, /^ {7}\S/m, `the next step is missing:\n${stderr}`)
  assert.doesNotMatch(stderr, /^\s+at |eyJ|TypeError/m)
}
