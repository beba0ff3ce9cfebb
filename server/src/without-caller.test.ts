import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const source = import.meta.dirname

/**
 * Everything that a handler starts is work of its caller, also deferred work, unless it is named here: how often a file calls
 * `withoutCaller` or `runDeferred`, and why the permissions of a caller do not decide about this work.
 */
const places: Readonly<Record<string, readonly [calls: number, why: string]>> = {
  'compose/compose.ts': [1, 'certificates cover the hosts of all registries'],
  'operations/backup/backups.ts': [1, 'backups'],
  'credentials/passwords/password-check.ts': [1, 'a wrong password is counted whatever the caller may still do'],
  'imports/imports.ts': [1, 'an import is work of its own caller, and its end is recorded after a denial'],
  'platform/http/batch.ts': [1, 'each request of a batch is authorized itself'],
  'platform/http/pipelined-requests.ts': [1, 'a request is not work of the caller of the previous one'],
  'platform/keys/key-ring.ts': [1, 'all requests share the signing keys'],
  'platform/process/authorized-work.ts': [4, 'the two functions, and decisions, which are not decided'],
  'platform/sql/sqlite-database.ts': [2, 'a batch has transactions of several callers'],
  'portal-host/sessions/token-endpoints.ts': [1, 'the request of a token is authorized itself'],
  'registry/deletion/change-repository.ts': [1, 'the sweep of a committed deletion'],
  'registry/deletion/deletion-sweeper.ts': [2, 'the sweep of committed deletions'],
  'registry/garbage/collections.ts': [1, 'garbage collection'],
  'registry/integrity/blob-integrity.ts': [2, 'a quarantine, and the time of a verification'],
  'registry/integrity/manifest-integrity.ts': [1, 'a quarantine'],
  'registry/manifests/freed-store.ts': [1, 'the rest of a committed deletion'],
  'registry/scrub/scrubs.ts': [1, 'scrubs'],
  'registry/uploads/end-upload.ts': [1, 'what a denied upload leaves, and uploads that are ended to free space'],
  'registry/uploads/running-uploads.ts': [3, 'which process writes to an upload'],
  'registry/uploads/stage-body.ts': [1, 'an upload does not expire while its bytes arrive'],
  'registry/uploads/start-upload.ts': [1, 'what a denied upload leaves'],
  'registry/uploads/store-blob.ts': [1, 'what a denied import leaves'],
}

test('only named work of the server itself has no caller', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  const found: Record<string, number> = {}
  for (const file of files) {
    const isOfTests = file.endsWith('.test.ts') || path.basename(file).startsWith('test-')
    if (!file.endsWith('.ts') || isOfTests) continue
    const calls = [
      ...readFileSync(path.join(source, file), 'utf8').matchAll(/\b(?:withoutCaller|runDeferred)(?:<\w+>)?\(/g),
    ].length
    if (calls > 0) found[file.split(path.sep).join('/')] = calls
  }
  const named = Object.fromEntries(Object.entries(places).map(([file, [calls]]) => [file, calls]))
  assert.deepEqual(found, named)
})
