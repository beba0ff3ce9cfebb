import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, after, before, describe, test } from 'node:test'
import type { Database, DatabaseKind } from '../sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { createDataKey, openDataKey, wrapDataKey } from './data-key.ts'
import { insertDataKey } from './data-key-store.ts'
import { createKeyRing } from './key-ring.ts'
import { type MasterKey, localMasterKey, openMasterKey } from './master-key.ts'
import { parseMasterKeySource } from './master-key-source.ts'
import { signingKeyMigrations } from './migrations.ts'
import { UnreadableKeyError, sealerOfKey } from './sealing.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'acrux-master-key-'))
})
after(() => rm(directory, { recursive: true }))

/** A command that reverses the bits of a key, and writes its arguments to a file. */
async function writeCommand(name: string): Promise<{ readonly command: string; readonly calls: string }> {
  const [file, calls] = [path.join(directory, `${name}.mjs`), path.join(directory, `${name}.calls`)]
  await writeFile(
    file,
    `import { appendFileSync, readFileSync } from 'node:fs'
appendFileSync(${JSON.stringify(calls)}, process.argv.slice(2).join(' ') + '\\n')
process.stdout.write(readFileSync(0).map((byte) => byte ^ 0xff))
`,
  )
  return { command: `'${process.execPath}' '${file}'`, calls }
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown)
  assert.ok(error instanceof UnreadableKeyError, String(error))
  assert.equal(error.exitCode, 14)
  return error.message
}

describe('the source of the master key', () => {
  test('the source of the master key is a file, a variable or a command', () => {
    assert.deepEqual(parseMasterKeySource('file:/etc/key'), { kind: 'file', file: '/etc/key' })
    assert.deepEqual(parseMasterKeySource('env:KEY_1'), { kind: 'env', variable: 'KEY_1' })
    assert.deepEqual(parseMasterKeySource('exec:kms --key a:b'), { kind: 'exec', command: 'kms --key a:b' })
    for (const text of ['', 'file:', 'env:A B', 'exec: ', 'vault:x', '/etc/key']) {
      assert.equal(parseMasterKeySource(text), undefined, text)
    }
  })

  test('the server reads the master key from a file, raw or in base64, or from a variable', async () => {
    const key = randomBytes(32)
    const [raw, text] = [path.join(directory, 'raw'), path.join(directory, 'text')]
    await writeFile(raw, key, { mode: 0o600 })
    await writeFile(text, `${key.toString('base64')}\n`, { mode: 0o600 })
    process.env['ACRUX_UNIT_KEY'] = key.toString('base64')
    const sources = [`file:${raw}`, `file:${text}`, 'env:ACRUX_UNIT_KEY'].map(parseMasterKeySource)
    const wrapped = await localMasterKey(key, 'a').wrap(Buffer.alloc(32, 7))
    for (const source of sources) {
      assert.ok(source !== undefined)
      const opened = await openMasterKey(source)
      assert.deepEqual(await opened.unwrap(wrapped), Buffer.alloc(32, 7))
    }
    process.env['ACRUX_UNIT_KEY'] = 'too short'
    assert.match(await reasonOf(openMasterKey({ kind: 'env', variable: 'ACRUX_UNIT_KEY' })), /contains no master key/)
    delete process.env['ACRUX_UNIT_KEY']
    assert.match(await reasonOf(openMasterKey({ kind: 'env', variable: 'ACRUX_UNIT_KEY' })), /is not set/)
    assert.match(await reasonOf(openMasterKey({ kind: 'file', file: path.join(directory, 'none') })), /is missing/)
    await chmod(raw, 0o644)
    assert.match(await reasonOf(openMasterKey({ kind: 'file', file: raw })), /by other users/)
  })

  test('the server passes no secret to the command in its arguments', async () => {
    const { command, calls } = await writeCommand('good')
    const masterKey = await openMasterKey({ kind: 'exec', command })
    const dataKey = randomBytes(32)
    const wrapped = await masterKey.wrap(dataKey)
    assert.notDeepEqual(wrapped, dataKey)
    assert.deepEqual(await masterKey.unwrap(wrapped), dataKey)
    assert.equal(await readFile(calls, 'utf8'), 'wrap\nunwrap\nunwrap\n')
  })

  test('the server rejects a command that fails, or that cannot unwrap the key that the command wrapped', async () => {
    for (const [command, why] of [
      ['echo secret1 >&2; exit 3;', /exited with code 3 when the server called the command with wrap/],
      ['true', /printed nothing/],
      ['printf x;:', /printed 1 bytes, not 32 when the server called the command with unwrap/],
      ['head -c 32 /dev/zero;:', /printed another key/],
      ['yes;:', /printed more than/],
    ] as const) {
      const masterKey = await openMasterKey({ kind: 'exec', command })
      const reason = await reasonOf(masterKey.wrap(Buffer.alloc(32, 1)))
      assert.match(reason, why)
      assert.doesNotMatch(reason, /secret1/)
    }
  })
})

function newMasterKey(name: string): MasterKey {
  return localMasterKey(randomBytes(32), name)
}

async function openDatabase(t: TestContext, kind: DatabaseKind): Promise<Database> {
  const { database, dispose } = await openTestDatabase(kind, signingKeyMigrations)
  t.after(dispose)
  return database
}

for (const kind of testDatabaseKinds) {
  describe(`the data key of a database, on ${kind}`, () => {
    test('the data key is opened by the master keys that wrapped it, and by no other master key', async (t) => {
      const database = await openDatabase(t, kind)
      const [one, other, foreign] = ['one', 'other', 'foreign'].map(newMasterKey) as [MasterKey, MasterKey, MasterKey]
      const dataKey = await database.transaction((transaction) => createDataKey(transaction, one, 1))
      assert.deepEqual((await openDataKey(database, one)).dataKey, dataKey)
      assert.match(await reasonOf(openDataKey(database, other)), /^other is not the key of this database/)
      const added = await wrapDataKey(dataKey, other, 2)
      await database.transaction((transaction) => insertDataKey(transaction, added))
      for (const key of [one, other]) assert.deepEqual((await openDataKey(database, key)).dataKey, dataKey)
      await reasonOf(openDataKey(database, foreign))
      const { command } = await writeCommand(`foreign-${kind}`)
      await reasonOf(openDataKey(database, await openMasterKey({ kind: 'exec', command })))
    })

    test('the data key is the master key itself in a database of an earlier version, if the master key opens the signing keys', async (t) => {
      const database = await openDatabase(t, kind)
      const [own, foreign] = [newMasterKey('own'), newMasterKey('foreign')]
      assert.ok(own.direct !== undefined)
      const ring = createKeyRing({
        database,
        clock: { now: () => 1 },
        sealer: sealerOfKey(own.direct),
        purpose: 'test',
        algorithm: 'ES256',
        rotationMilliseconds: 1000,
        signatureMilliseconds: 1000,
      })
      await ring.rotate()
      assert.deepEqual((await openDataKey(database, own)).dataKey, own.direct)
      await reasonOf(openDataKey(database, foreign))
      const { command } = await writeCommand(`direct-${kind}`)
      const reason = await reasonOf(openDataKey(database, await openMasterKey({ kind: 'exec', command })))
      assert.match(reason, /the key in the file master\.key encrypted/)
    })
  })
}
