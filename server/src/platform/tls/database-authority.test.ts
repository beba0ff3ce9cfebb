import assert from 'node:assert/strict'
import { X509Certificate, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { sealerOfKey } from '../keys/sealing.ts'
import { createLog } from '../log/log.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import type { DatabaseKind } from '../sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { type CertificateSource, createCertificateSource } from './certificate-source.ts'
import { createDatabaseAuthority } from './database-authority.ts'
import { authorityMigrations } from './migrations.ts'

async function openReplicas(t: TestContext, kind: DatabaseKind) {
  const root = await mkdtemp(path.join(tmpdir(), 'acrux-authority-'))
  const { database, dispose } = await openTestDatabase(kind, authorityMigrations)
  const sealer = sealerOfKey(randomBytes(32))
  const sources: CertificateSource[] = []
  t.after(async () => {
    await Promise.all(sources.map((source) => source.close()))
    await dispose()
    await rm(root, { recursive: true })
  })
  const open = async (name: string, { isShared = true, renewAuthority = false } = {}) => {
    const dataDir = path.join(root, name)
    const directory = path.join(dataDir, 'tls')
    const source = await createCertificateSource({
      dataDir,
      clock: { now: () => Date.UTC(2030, 0, 1) },
      log: createLog('silent'),
      checkEverySeconds: 0.2,
      renewAuthority,
      authorityStore: isShared ? createDatabaseAuthority(database, sealer, directory) : undefined,
    })
    sources.push(source)
    return source
  }
  return { open, keyFileOf: (name: string) => path.join(root, name, 'tls', 'ca.key'), database }
}

function isSigned(source: CertificateSource): boolean {
  const authority = new X509Certificate(source.authorityPem?.() ?? '')
  return new X509Certificate(source.current().cert).verify(authority.publicKey)
}

for (const kind of testDatabaseKinds) {
  describe(`a certificate authority in the database, on ${kind}`, () => {
    test('several servers that start at the same time create only one authority, and no file contains its key', async (t) => {
      const { open, keyFileOf } = await openReplicas(t, kind)
      const sources = await Promise.all(['a', 'b', 'c'].map((name) => open(name)))
      assert.equal(new Set(sources.map((source) => source.authorityPem?.())).size, 1)
      assert.ok(sources.every(isSigned))
      for (const source of sources) assert.equal(await readFile(source.caFile ?? '', 'utf8'), source.authorityPem?.())
      for (const name of ['a', 'b', 'c']) assert.ok(!existsSync(keyFileOf(name)))
    })

    test('the key of the authority is stored sealed', async (t) => {
      const { open, database } = await openReplicas(t, kind)
      await open('a')
      const row = await database
        .tables<{ certificate_authority: { sealed_key: Uint8Array } }>()
        .selectFrom('certificate_authority')
        .selectAll()
        .executeTakeFirstOrThrow()
      assert.ok(!Buffer.from(row.sealed_key).includes('PRIVATE KEY'))
    })

    test('if one server replaces the authority, the other servers use the new authority and issue new certificates', async (t) => {
      const { open } = await openReplicas(t, kind)
      const other = await open('a')
      const before = other.authorityPem?.()
      const renewed = await open('b', { renewAuthority: true })
      assert.notEqual(renewed.authorityPem?.(), before)
      await until('the other server has the new authority', () =>
        Promise.resolve(other.authorityPem?.() === renewed.authorityPem?.() && isSigned(other)),
      )
      assert.equal(await readFile(other.caFile ?? '', 'utf8'), renewed.authorityPem?.())
    })

    test('the authority in the files of an earlier version is moved to the database, and its key file is deleted', async (t) => {
      const { open, keyFileOf } = await openReplicas(t, kind)
      const before = await open('a', { isShared: false })
      assert.ok(existsSync(keyFileOf('a')))
      const after = await open('a')
      assert.equal(after.authorityPem?.(), before.authorityPem?.())
      assert.ok(!existsSync(keyFileOf('a')))
      assert.equal((await open('b')).authorityPem?.(), before.authorityPem?.())
    })
  })
}
