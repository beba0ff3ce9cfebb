import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { principalWithRole, roles, setAnonymousPull, type ClientSecret } from '../harness/arm.ts'
import { clientHome, mustRun, run, type Ran } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, pushImage, putManifest } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import type { SdkTask } from './az/azure-sdk-program.ts'

const program = fileURLToPath(new URL('./az/azure-sdk-program.ts', import.meta.url))
const server = await startServer()
const home = clientHome(server.caFile)
after(async () => {
  home[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const owner = server.firstRun.servicePrincipal
const authorization = basic(owner.appId, owner.password)
const hello = 'samples/hello'
const image = await pushImage(server, hello, 'v1', authorization)
await putManifest(
  server,
  hello,
  { reference: 'latest', mediaType: image.mediaType, bytes: image.manifest },
  authorization,
)
const other = await pushImage(server, 'other', 'v1', authorization)

function taskOf(scenario: SdkTask['scenario'], principal: ClientSecret | undefined, more: Partial<SdkTask>): SdkTask {
  const { baseUrl, firstRun } = server
  return {
    scenario,
    endpoint: `https://${firstRun.loginServer}`,
    repository: hello,
    tag: 'v1',
    ...(principal !== undefined && {
      credential: {
        authorityHost: baseUrl,
        tenantId: firstRun.tenantId,
        clientId: principal.appId,
        clientSecret: principal.password,
      },
    }),
    ...more,
  }
}

/** Runs a scenario with the SDK in a process of its own, which trusts the server's authority by NODE_EXTRA_CA_CERTS. */
async function sdk(
  scenario: SdkTask['scenario'],
  principal: ClientSecret | undefined,
  more: Partial<SdkTask> = {},
): Promise<unknown> {
  const input = JSON.stringify(taskOf(scenario, principal, more))
  return JSON.parse((await mustRun(process.execPath, [program], { env: home.env, input })).stdout) as unknown
}

test('the SDK lists repositories, whole and page by page', async () => {
  const listed = await sdk('list', owner)
  assert.deepEqual(at(listed, 'names'), ['other', hello])
  assert.deepEqual(
    listAt(listed, 'pages').filter((page) => listAt(page).length > 0),
    [['other'], [hello]],
  )
})

test('the SDK signs in with an ARM token as well as with an ACR token', async () => {
  const audience = 'https://management.azure.com'
  assert.deepEqual(at(await sdk('list', owner, { audience }), 'names'), ['other', hello])
})

test('the SDK reads the properties of a repository, its manifests and its tags', async () => {
  const properties = await sdk('read', owner)
  const open = { canDelete: true, canWrite: true, canList: true, canRead: true }
  assert.partialDeepStrictEqual(at(properties, 'repository'), {
    name: hello,
    registryLoginServer: server.firstRun.loginServer,
    manifestCount: 1,
    tagCount: 2,
    ...open,
  })
  const manifest = {
    digest: image.digest,
    architecture: 'amd64',
    operatingSystem: 'linux',
    tags: ['latest', 'v1'],
    sizeInBytes: image.size + image.config.size + (image.layers[0]?.size ?? 0),
    ...open,
  }
  assert.partialDeepStrictEqual(at(properties, 'manifest'), manifest)
  assert.partialDeepStrictEqual(at(properties, 'manifests'), [manifest])
  assert.partialDeepStrictEqual(at(properties, 'tag'), { name: 'v1', digest: image.digest, ...open })
  assert.deepEqual(
    listAt(properties, 'tags').map((tag) => at(tag, 'name')),
    ['v1', 'latest'],
  )
  assert.ok(!Number.isNaN(Date.parse(stringAt(properties, 'repository', 'createdOn'))))
})

test('the SDK locks and unlocks a repository, a tag and a manifest', async () => {
  const updated = await sdk('update', owner)
  for (const kind of ['repository', 'tag', 'manifest']) {
    const locked = { canDelete: false, canWrite: false, canRead: true, canList: true }
    assert.partialDeepStrictEqual(at(updated, kind), locked, kind)
    assert.partialDeepStrictEqual(at(updated, `${kind}Again`), { canDelete: true, canWrite: true }, kind)
  }
})

test('the SDK uploads a blob in chunks, pushes a manifest, downloads both and deletes both', async () => {
  const blobSize = 9 * 1024 * 1024 + 17
  const done = await sdk('content', owner, { repository: 'sdk/content', blobSize })
  assert.partialDeepStrictEqual(done, {
    layer: { sizeInBytes: blobSize },
    byTag: { digest: stringAt(done, 'digest'), mediaType: 'application/vnd.oci.image.manifest.v1+json' },
    sameByDigest: true,
    sameBytes: true,
    gone: 404,
    blobGone: 404,
  })
})

test('the SDK reads anonymously where the registry allows it, and can change nothing', async () => {
  await setAnonymousPull(server, true)
  assert.deepEqual(listAt(await sdk('list', undefined), 'names').includes(hello), true)
  assert.partialDeepStrictEqual(await sdk('read', undefined), { tag: { name: 'v1' } })
  const changes = { lock: 401, lockTag: 401, untag: 401, delete: 401 }
  assert.partialDeepStrictEqual(await sdk('denied', undefined), { list: 'none', read: 'none', ...changes })

  await setAnonymousPull(server, false)
  assert.deepEqual(await sdk('denied', undefined), { list: 401, read: 401, ...changes })
})

test('the SDK of a principal that may only pull reads, and can change nothing', async () => {
  const reader = await principalWithRole(server, 'reader', roles.acrPull)
  assert.partialDeepStrictEqual(await sdk('read', reader), { repository: { name: hello } })
  const changes = { lock: 401, lockTag: 401, untag: 401, delete: 401 }
  assert.deepEqual(await sdk('denied', reader), { list: 'none', read: 'none', ...changes })
})

test('the SDK with a wrong secret learns that the provider denied it', async () => {
  const wrong = { appId: owner.appId, password: `${owner.password}x` }
  const denied = await sdk('denied', wrong)
  for (const attempt of ['list', 'read', 'lock', 'delete'])
    assert.match(String(at(denied, attempt)), /AADSTS7000215|401/)
})

test('the SDK does not talk to a server whose certificate it cannot verify', async () => {
  using untrusting = clientHome()
  const input = JSON.stringify(taskOf('list', owner, {}))
  const ran: Ran = await run(process.execPath, [program], { env: untrusting.env, input })
  assert.notEqual(ran.code, 0)
  assert.match(ran.stderr, /certificate/i)
})

test('the SDK deletes a tag, a manifest and a repository, and lists what is left', async () => {
  const removed = await sdk('remove', owner, { repository: 'other' })
  assert.deepEqual([listAt(removed, 'tagsLeft'), listAt(removed, 'manifestsLeft')], [[], []])
  assert.partialDeepStrictEqual(removed, {
    tagGone: 404,
    untagged: { digest: other.digest, tags: [] },
    manifestGone: 404,
    names: [hello],
  })
})
