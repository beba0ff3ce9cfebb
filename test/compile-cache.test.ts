import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mustRun } from './harness/clients.ts'
import { mainFile } from './harness/program.ts'
import { tempDir } from './harness/temp-dir.ts'

const uid = process.getuid?.() ?? 0

/** Runs the program without a home, with a temporary directory that all users share. Returns what it stored there. */
async function cacheAfter(prepare: (cache: string, shared: string) => void): Promise<string> {
  using home = tempDir('compile-cache')
  const shared = join(home.path, 'shared')
  mkdirSync(shared)
  chmodSync(shared, 0o1777)
  // Node's own directory, as another user of the machine may have made it.
  mkdirSync(join(shared, 'node-compile-cache'))
  const cache = join(shared, `acrux-compile-cache-${uid}`)
  prepare(cache, shared)
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/dev/null', TMPDIR: shared }
  await mustRun(process.execPath, [mainFile, '--version'], { env })
  assert.deepEqual(readdirSync(join(shared, 'node-compile-cache')), [])
  return existsSync(cache)
    ? `${(lstatSync(cache).mode & 0o777).toString(8)}, ${readdirSync(cache).length} entries`
    : 'none'
}

test('the compile cache is in the cache directory of the user, which only the user can change', async () => {
  using home = tempDir('compile-cache')
  const temporary = join(home.path, 'tmp')
  mkdirSync(temporary)
  const given = join(home.path, 'given')
  for (const [variables, cache] of [
    [{}, join(home.path, '.cache/acrux')],
    [{ XDG_CACHE_HOME: 'relative' }, join(home.path, '.cache/acrux')],
    [{ XDG_CACHE_HOME: given }, join(given, 'acrux')],
  ] as const) {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home.path, TMPDIR: temporary, ...variables }
    await mustRun(process.execPath, [mainFile, '--version'], { env })
    assert.equal((lstatSync(cache).mode & 0o777).toString(8), '700')
    assert.deepEqual(readdirSync(cache), ['compile-cache'])
    assert.deepEqual(readdirSync(temporary), [])
  }
})

test('without a home, the compile cache is in a temporary directory that only its user can change', async () => {
  assert.equal(await cacheAfter(() => undefined), '700, 1 entries')
})

test('a directory that others can change, or a link, is no compile cache', async () => {
  assert.equal(
    await cacheAfter((cache) => {
      mkdirSync(cache)
      chmodSync(cache, 0o777)
    }),
    '777, 0 entries',
  )
  const linked = await cacheAfter((cache, shared) => symlinkSync(join(shared, 'node-compile-cache'), cache))
  assert.match(linked, /^777, 0 entries$/)
})

test('the program runs in a temporary directory that its user cannot use', async () => {
  using home = tempDir('compile-cache')
  const env = { PATH: process.env['PATH'] ?? '', HOME: home.path, TMPDIR: join(home.path, 'missing') }
  assert.match((await mustRun(process.execPath, [mainFile, '--version'], { env })).stdout, /^\d/)
})

test('a directory of another user is no compile cache', async (t) => {
  if (uid !== 0) return t.skip('only root can give a directory to another user')
  const foreign = await cacheAfter((cache) => {
    mkdirSync(cache, { mode: 0o700 })
    chownSync(cache, 65_534, 65_534)
  })
  assert.equal(foreign, '700, 0 entries')
})
