import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { exitCodes, StartupError } from '@acrux/shared/texts/startup-error.ts'
import { maxSeedBytes } from './read-seed.ts'
import { createSeeds } from './seeds.ts'

test('if a seed file cannot be applied, the start fails with an error that contains the name of the file', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-test-seeds-'))
  t.after(() => rm(directory, { recursive: true }))
  const noServer = () => {
    throw new Error('no seed is applied')
  }
  const seeds = createSeeds({ context: noServer, directory: undefined })
  const failures: readonly (readonly [name: string, content: string | Uint8Array | undefined, message: RegExp])[] = [
    ['missing.yaml', undefined, /missing\.yaml: the file cannot be read: the path does not exist/],
    ['wrong.yaml', 'version: 2', /wrong\.yaml:1:1: version must be 1$/],
    ['binary.yaml', Buffer.from([0xff]), /binary\.yaml: the file is not UTF-8$/],
    ['large.yaml', `version: 1 #${'x'.repeat(maxSeedBytes)}`, /large\.yaml: the seed is larger than 1048576 bytes$/],
  ]
  const valid = path.join(directory, 'valid.yaml')
  await writeFile(valid, 'version: 1')
  for (const [name, content, message] of failures) {
    const file = path.join(directory, name)
    if (content !== undefined) await writeFile(file, content)
    await assert.rejects(seeds.applyFiles([valid, file]), (error: unknown) => {
      assert.ok(error instanceof StartupError)
      assert.equal(error.exitCode, exitCodes.seedUnusable)
      assert.match(error.message, message)
      return true
    })
  }
  await seeds.applyFiles([])
})
