import assert from 'node:assert/strict'
import { after } from 'node:test'
import { enableAdmin } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { azHome, signIn, step } from './az/az.ts'

// What policies have come to is looked for every second. What nothing refers to yet is taken for a push for ten seconds: the
// blobs of a push must outlast it where the machine is busy.
const server = await startServer({ args: ['--gc-interval-seconds', '1', '--gc-grace-period-seconds', '10'] })
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry } = server.firstRun
const owner = async () => {
  const { username, password } = await enableAdmin(server)
  return basic(username, password)
}

step(
  'az acr config shows and updates retention, soft delete and authentication-as-arm, each alone',
  ['az'],
  async () => {
    await signIn(az, server)
    const config = (...args: string[]) => az.json('acr', 'config', ...args, '-r', registry)
    assert.partialDeepStrictEqual(await config('retention', 'show'), { days: 7, status: 'disabled' })
    const set = ['--status', 'enabled', '--days', '30', '--type', 'UntaggedManifests']
    assert.partialDeepStrictEqual(await config('retention', 'update', ...set), { days: 30, status: 'enabled' })
    assert.partialDeepStrictEqual(await config('soft-delete', 'show'), { retentionDays: 7, status: 'disabled' })
    const both = ['acr', 'config', 'soft-delete', 'update', '-r', registry, '--status', 'enabled']
    await az.fails(1, /cannot both be enabled/, ...both)
    await az.fails(
      1,
      /days/,
      'acr',
      'config',
      'retention',
      'update',
      '-r',
      registry,
      '--days',
      '366',
      '--type',
      'UntaggedManifests',
    )
    const asArm = await config('authentication-as-arm', 'update', '--status', 'disabled')
    assert.partialDeepStrictEqual(asArm, { status: 'disabled' })
    assert.partialDeepStrictEqual(await config('authentication-as-arm', 'show'), { status: 'disabled' })
    await config('authentication-as-arm', 'update', '--status', 'enabled')
    assert.partialDeepStrictEqual(await config('content-trust', 'update', '--status', 'enabled'), { status: 'enabled' })
    assert.partialDeepStrictEqual(await config('retention', 'show'), { days: 30, status: 'enabled' })
  },
)

step('an untagged manifest is deleted once its days are over, and one with a tag stays', ['az'], async () => {
  const update = ['acr', 'config', 'retention', 'update', '-r', registry, '--type', 'UntaggedManifests']
  await az.json(...update, '--status', 'disabled')
  await az.json(...update, '--status', 'enabled', '--days', '0')
  const authorization = await owner()
  const kept = await pushImage(server, 'keep/app', 'v1', authorization)
  const gone = await pushImage(server, 'keep/app', 'v2', authorization)
  await az.text('acr', 'repository', 'untag', '-n', registry, '--image', 'keep/app:v2')
  const isThere = async (digest: string) =>
    (await get(server, `/v2/keep/app/manifests/${digest}`, authorization)).status === 200
  await until('the untagged manifest is gone', async () => !(await isThere(gone.digest)))
  assert.ok(await isThere(kept.digest))
  await az.json(...update, '--status', 'disabled')
})

step('az acr manifest list-deleted, list-deleted-tags and restore bring an image back', ['az'], async () => {
  const enabled = await az.json(
    'acr',
    'config',
    'soft-delete',
    'update',
    '-r',
    registry,
    '--status',
    'enabled',
    '--days',
    '3',
    '-y',
  )
  assert.partialDeepStrictEqual(enabled, { retentionDays: 3, status: 'enabled' })
  const authorization = await owner()
  const { digest } = await pushImage(server, 'soft/app', 'v1', authorization)
  await az.text('acr', 'repository', 'delete', '-n', registry, '--image', 'soft/app:v1', '--yes')
  assert.equal((await get(server, '/v2/soft/app/manifests/v1', authorization)).status, 404)

  assert.deepEqual(await az.json('acr', 'repository', 'list-deleted', '-n', registry), ['soft/app'])
  const [manifest, ...more] = listAt(await az.json('acr', 'manifest', 'list-deleted', '-r', registry, '-n', 'soft/app'))
  assert.deepEqual(more, [])
  assert.equal(at(manifest, 'digest'), digest)
  const days = Date.parse(stringAt(manifest, 'expiresAfter')) - Date.parse(stringAt(manifest, 'deletedAt'))
  assert.equal(days, 3 * 24 * 60 * 60 * 1000)
  const tags = await az.json('acr', 'manifest', 'list-deleted-tags', '-r', registry, '-n', 'soft/app:v1')
  assert.partialDeepStrictEqual(tags, [{ tag: 'v1', digest }])

  const restored = await az.json('acr', 'manifest', 'restore', '-r', registry, '-n', 'soft/app:v1', '--yes')
  assert.partialDeepStrictEqual(restored, { imageName: 'soft/app', manifest: { digest, tags: ['v1'] } })
  assert.equal((await get(server, '/v2/soft/app/manifests/v1', authorization)).status, 200)
  assert.deepEqual(await az.json('acr', 'manifest', 'list-deleted', '-r', registry, '-n', 'soft/app'), [])
})

step('az acr manifest restore moves a tag that is taken with --force alone', ['az'], async () => {
  const authorization = await owner()
  const old = await pushImage(server, 'soft/moved', 'v1', authorization)
  await az.text('acr', 'manifest', 'delete', '-r', registry, '-n', `soft/moved@${old.digest}`, '--yes')
  const young = await pushImage(server, 'soft/moved', { tag: 'v1', annotations: { young: 'yes' } }, authorization)
  assert.notEqual(young.digest, old.digest)
  const restore = ['acr', 'manifest', 'restore', '-r', registry, '-n', 'soft/moved:v1', '-d', old.digest, '--yes']
  await az.fails(1, /points to another manifest/, ...restore)
  await az.json(...restore, '--force')
  const shown = await az.json('acr', 'manifest', 'show-metadata', '-r', registry, '-n', 'soft/moved:v1')
  assert.equal(at(shown, 'digest'), old.digest)
})
