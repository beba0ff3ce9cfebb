import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { openTestDatabase } from '../../testing/platform/test-database.ts'
import { createFilesystemBlobStore } from '../storage/index.ts'
import {
  beginUpload,
  blobDigest,
  blobTestMigrations,
  countFiles,
  openBlobServer,
  pushBlob,
  pushManifest,
  testClock,
} from '../../testing/registry/test-blobs.ts'

test('a full disk is reported and corrupts nothing, and pushes succeed again when the disk has space', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', directory], { stdio: 'ignore' })
  } catch {
    await rm(directory, { recursive: true })
    t.skip('a small file system cannot be mounted here')
    return
  }
  const clock = testClock()
  const opened = await openTestDatabase('sqlite', blobTestMigrations)
  const blobs = await createFilesystemBlobStore(directory, { clock })
  const server = await openBlobServer({ database: opened.database, blobs, clock })
  t.after(async () => {
    await server.close()
    await opened.dispose()
    execFileSync('umount', [directory])
    await rm(directory, { recursive: true })
  })
  await pushBlob(server, 'app', 'before')
  await pushManifest(server, 'app', 'latest', ['before'])

  const content = randomBytes(6_000_000)
  const inOne = `/v2/app/blobs/uploads/?digest=${blobDigest(content)}`
  const whole = await server.send('POST', inOne, { body: content })
  assert.deepEqual([whole.status, whole.code], [507, 'UNAVAILABLE'])
  assert.equal((await countFiles(blobs)).staged, 0)

  const location = await beginUpload(server, 'app')
  const streamed = await server.send('PATCH', location, { body: Readable.from([content]) })
  assert.deepEqual([streamed.status, streamed.code], [507, 'UNAVAILABLE'])
  assert.equal((await server.send('GET', location)).status, 404, 'the upload that met the full disk has ended')
  assert.equal((await countFiles(blobs)).staged, 0)
  const before = await server.send('GET', `/v2/app/blobs/${blobDigest('before')}`)
  assert.equal(before.body.toString(), 'before')

  execFileSync('mount', ['-o', 'remount,size=20m', directory])
  assert.equal((await server.send('POST', inOne, { body: content })).status, 201)
  const got = await server.send('GET', `/v2/app/blobs/${blobDigest(content)}`)
  assert.equal(Buffer.compare(got.body, content), 0)
})
