import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { mustRun } from '../harness/clients.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'
import { step } from './az/az.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { loggedIn } from './lib/steps.ts'

const server = await startServer()
const acrux = acruxClient(server.caFile)
const scratch = tempDir('purge')
after(async () => {
  acrux[Symbol.dispose]()
  scratch.remove()
  await server[Symbol.asyncDispose]()
})

const { registry, loginServer, servicePrincipal } = server.firstRun
const owner = { username: servicePrincipal.appId, password: servicePrincipal.password }
const authorization = basic(owner.username, owner.password)
const purge = ['acr', 'purge', '-r', registry]

before(async () => {
  await acrux.text(principalLogin(server), { input: owner.password })
})

async function tagsOf(repository: string): Promise<readonly unknown[]> {
  return listAt(await acrux.json(['acr', 'repository', 'show-tags', '-n', registry, '--repository', repository]))
}

async function digestsOf(repository: string): Promise<ReadonlySet<string>> {
  const manifests = await acrux.json(['acr', 'manifest', 'list-metadata', '-r', registry, '-n', repository])
  return new Set(listAt(manifests).map((each) => stringAt(each, 'digest')))
}

/** The lines that a purge prints, in any order. */
async function linesOf(args: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set((await acrux.text([...purge, ...args])).split('\n'))
}

step(
  'a purge deletes old tags and what nothing needs, and keeps locked tags, images of indexes and attached artifacts',
  ['skopeo', 'oras'],
  async () => {
    const tls = ['--plain-http=false']
    using home = await loggedIn('skopeo', { server, host: loginServer }, owner)
    using orasHome = await loggedIn('oras', { server, host: loginServer }, owner, tls)
    const digest: Record<string, string> = {}
    for (const name of ['dev-1', 'dev-2', 'dev-3', 'v1', 'multi']) {
      const dir = join(scratch.path, name)
      digest[name] = writeLayout(dir, {
        text: name,
        ...(name === 'multi' && { architectures: ['amd64', 'arm64'] }),
      }).digest
      const image = [`oci:${dir}:1`, `docker://${loginServer}/team/app:${name}`]
      await mustRun('skopeo', ['copy', '--all', ...image], { env: home.env })
    }
    const attach = async (name: string): Promise<string> => {
      writeFileSync(join(orasHome.path, 'sbom.json'), `{"of":"${name}"}`)
      const args = ['--artifact-type', 'application/vnd.example.sbom', '--format', 'json']
      const image = [`${loginServer}/team/app:${name}`, 'sbom.json:application/json']
      const attached = await mustRun('oras', ['attach', ...args, ...image, ...tls], {
        env: orasHome.env,
        cwd: orasHome.path,
      })
      return stringAt(JSON.parse(attached.stdout), 'digest')
    }
    const [sbomOfDev, sbomOfV1] = [await attach('dev-1'), await attach('v1')]
    const all = await digestsOf('team/app')
    assert.equal(all.size, 9)
    await acrux.json([
      'acr',
      'repository',
      'update',
      '-n',
      registry,
      '--image',
      'team/app:dev-2',
      '--delete-enabled',
      'false',
    ])

    const dev = ['--filter', 'team/app:^dev-', '--untagged']
    assert.deepEqual(
      await linesOf([...dev, '--ago', '1h', '--yes']),
      new Set(['deleted 0 tags and 0 manifests']),
      'nothing is old enough',
    )
    const expected = [
      'delete team/app:dev-1',
      'delete team/app:dev-3',
      `delete team/app@${digest['dev-1']}`,
      `delete team/app@${digest['dev-3']}`,
      `delete team/app@${sbomOfDev}`,
      'delete 2 tags and 3 manifests; skipped 1 that are locked',
    ]
    const skipped = 'skipped team/app:dev-2: locked'
    assert.deepEqual(
      await linesOf([...dev, '--ago', '0', '--dry-run']),
      new Set([...expected.map((line) => `would ${line}`), skipped]),
    )
    await acrux.fails(1, /delete 2 tags and 3 manifests in team\/app.*\n.*--yes/, [...purge, ...dev, '--ago', '0'])
    assert.deepEqual(await digestsOf('team/app'), all, 'nothing was deleted')

    const kept = await linesOf([...dev, '--ago', '0', '--keep', '1', '--dry-run'])
    assert.ok(kept.has('would delete team/app:dev-1') && !kept.has('would delete team/app:dev-3'))

    assert.deepEqual(
      await linesOf([...dev, '--ago', '0', '--yes']),
      new Set([...expected.map((line) => line.replace('delete', 'deleted')), skipped]),
    )
    assert.deepEqual(await tagsOf('team/app'), ['dev-2', 'multi', 'v1'])
    const left = await digestsOf('team/app')
    assert.equal(left.size, 6)
    assert.ok(left.has(sbomOfV1))
    for (const name of ['dev-2', 'v1', 'multi']) {
      const back = `oci:${join(scratch.path, `back-${name}`)}:1`
      await mustRun('skopeo', ['copy', '--all', `docker://${loginServer}/team/app:${name}`, back], { env: home.env })
    }

    await acrux.text(['acr', 'repository', 'untag', '-n', registry, '--image', 'team/app:multi'])
    assert.ok(
      (await linesOf(['--untagged-only', '--yes'])).has('deleted 0 tags and 0 manifests'),
      'a day is the default',
    )
    const untagged = await linesOf(['--untagged-only', '--ago', '0', '--yes'])
    assert.ok(untagged.has('deleted 0 tags and 3 manifests'), [...untagged].join('\n'))
    assert.equal((await digestsOf('team/app')).size, 3)
    assert.deepEqual(await tagsOf('team/app'), ['dev-2', 'v1'])
  },
)

step('a purge with --last-pulled keeps what was pulled', ['skopeo'], async () => {
  const push = (tag: string) => pushImage(server, 'team/pulled', tag, authorization)
  const [, byDigest] = [await push('used'), await push('by-digest'), await push('unused')]
  using home = await loggedIn('skopeo', { server, host: loginServer }, owner)
  for (const reference of [':used', `@${byDigest.digest}`])
    await mustRun('skopeo', ['inspect', `docker://${loginServer}/team/pulled${reference}`], { env: home.env })
  const filter = ['--filter', 'team/pulled:.*', '--ago', '0', '--untagged']
  assert.equal((await linesOf([...filter, '--dry-run'])).size, 7, 'without the option, pulls do not matter')
  const lines = await linesOf([...filter, '--last-pulled', '1h', '--yes'])
  assert.ok(
    lines.has('deleted team/pulled:unused') && lines.has('deleted 1 tags and 1 manifests'),
    [...lines].join('\n'),
  )
  assert.deepEqual(await tagsOf('team/pulled'), ['by-digest', 'used'])
})

test('a scoped token purges its repository, without the catalog and without more permissions', async () => {
  for (const tag of ['1', '2']) await pushImage(server, 'token/app', tag, authorization)
  const actions = ['content/read', 'metadata/read', 'content/delete'].map((each) => `repositories/token/app/${each}`)
  await putScopeMap(server, 'cleaners', actions)
  const { username, password } = await createScopedToken(server, 'cleaner', 'cleaners')
  const as = [...purge, '-u', username, '-p', '-', '--ago', '0', '--yes']
  const cleaned = await acrux.run([...as, '--filter', 'token/app:1', '-o', 'json'], { input: password })
  assert.equal(cleaned.code, 0, cleaned.stderr)
  assert.deepEqual(JSON.parse(cleaned.stdout), {
    dryRun: false,
    repositories: [{ repository: 'token/app', tags: ['1'], manifests: [], locked: [], failed: [] }],
  })
  assert.deepEqual(await tagsOf('token/app'), ['2'])
  await acrux.fails(1, /denied|Authentication|unauthorized/i, [...as, '--filter', '.*:.*'], { input: password })

  await putScopeMap(server, 'cleaners', actions.slice(0, 2))
  const denied = await acrux.run([...as, '--filter', 'token/app:.*'], { input: password })
  assert.equal(denied.code, 1)
  assert.match(denied.stdout, /^failed token\/app:2: [^]*deleted 0 tags and 0 manifests; failed to delete 1\n$/)
})

test('a filter that takes too long is interrupted, and wrong options are rejected', async () => {
  await pushImage(server, 'slow/app', 'x'.repeat(60), authorization)
  const startedMs = performance.now()
  const slow = ['--filter', 'slow/app:^(x+)+y$', '--ago', '0', '--filter-timeout-seconds', '1']
  await acrux.fails(1, /a filter took longer than 1 s/, [...purge, ...slow])
  assert.ok(performance.now() - startedMs < 30_000)

  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['--ago', '1d'], /--filter is missing/],
    [['--filter', 'a:b'], /--ago is missing/],
    [['--filter', 'a', '--ago', '1d'], /is not of the form REPOSITORY:TAG/],
    [['--filter', 'a:(', '--ago', '1d'], /is not valid/],
    [['--filter', 'a:b', '--ago', '1w'], /must be a duration/],
    [['--filter', 'a:b', '--ago', '1d', '--concurrency', '33'], /from 1 to 32/],
    [['--untagged', '--untagged-only'], /cannot be combined/],
  ]
  for (const [args, says] of wrong) await acrux.fails(2, says, [...purge, ...args])
  const none = await acrux.run([...purge, '--filter', 'no.such:.*', '--ago', '0'])
  assert.equal(none.code, 0)
  assert.match(none.stderr, /no repository matches the filter/)
  await acrux.fails(1, /not found/, [...purge, '--filter', 'nosuch:.*', '--ago', '0', '--yes'])
})

test('a locked repository is skipped and reported', async () => {
  await pushImage(server, 'locked/app', '1', authorization)
  await acrux.json([
    'acr',
    'repository',
    'update',
    '-n',
    registry,
    '--repository',
    'locked/app',
    '--delete-enabled',
    'false',
  ])
  const filter = ['--filter', 'locked/app:.*', '--ago', '0', '--untagged', '--yes']
  assert.deepEqual(
    await linesOf(filter),
    new Set(['skipped locked/app: locked', 'deleted 0 tags and 0 manifests; skipped 1 that are locked']),
  )
  assert.deepEqual(await tagsOf('locked/app'), ['1'])
})
