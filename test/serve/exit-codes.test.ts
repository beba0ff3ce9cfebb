import assert from 'node:assert/strict'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { freePlace, runAcrux, startAcrux, type Finished } from './acrux.ts'

/** Asserts that the program ended with this code, and printed the reason in one line and what to do in another. */
function assertGaveUp(finished: Finished, code: number, why: RegExp): void {
  assert.equal(finished.code, code, finished.stderr)
  assert.equal(finished.stdout, '')
  const isLog = (line: string): boolean => line.startsWith('{')
  const lines = finished.stderr
    .trimEnd()
    .split('\n')
    .filter((line) => !isLog(line))
  assert.equal(lines.length, 2, finished.stderr)
  assert.match(lines[0] ?? '', /^acrux: \S/)
  assert.match(lines[0] ?? '', why)
  assert.match(lines[1] ?? '', /^ {7}\S/)
}

/** Makes a first start in a place and stops the server again. */
async function seed(args: readonly string[]): Promise<void> {
  await using server = await startAcrux(args)
  server.signal('SIGTERM')
  assert.equal((await server.ended).code, 0)
}

test('A port that another process listens on ends the start with code 10', async () => {
  using first = await freePlace()
  using second = await freePlace()
  await using _server = await startAcrux(first.args)
  const finished = await runAcrux(['serve', '--data-dir', second.dataDir, '--listen', `127.0.0.1:${first.port}`])
  assertGaveUp(finished, 10, new RegExp(`127\\.0\\.0\\.1:${first.port}`))
  const firstRunFile = join(second.dataDir, 'first-run.json')
  assert.ok(finished.stderr.includes(`are in ${firstRunFile}\n`), finished.stderr)
  const again = await runAcrux(['serve', '--data-dir', second.dataDir, '--listen', `127.0.0.1:${first.port}`])
  assertGaveUp(again, 10, new RegExp(`127\\.0\\.0\\.1:${first.port}`))
  assert.ok(!again.stderr.includes(firstRunFile), 'and a later one does not')
})

test('An address that is not of this machine ends the start with code 11', async () => {
  using place = await freePlace()
  const finished = await runAcrux(['serve', '--data-dir', place.dataDir, '--listen', `192.0.2.1:${place.port}`])
  assertGaveUp(finished, 11, /192\.0\.2\.1/)
})

test('A data directory in use by another server ends the start with code 12, and the other server continues', async () => {
  using first = await freePlace()
  using second = await freePlace()
  await using server = await startAcrux(first.args)
  const finished = await runAcrux(['serve', '--data-dir', first.dataDir, '--listen', `127.0.0.1:${second.port}`])
  assertGaveUp(finished, 12, /another server/)
  server.signal('SIGTERM')
  assert.equal((await server.ended).code, 0)
})

test('A data directory is free again when its server was killed', async () => {
  using place = await freePlace()
  {
    await using server = await startAcrux(place.args)
    server.signal('SIGKILL')
    await server.ended
  }
  await seed(place.args)
})

test('A data directory that cannot be made ends the start with code 13', async () => {
  using place = await freePlace()
  const file = join(place.folder, 'file')
  await writeFile(file, '')
  const args = ['serve', '--data-dir', join(file, 'data'), '--listen', `127.0.0.1:${place.port}`]
  assertGaveUp(await runAcrux(args), 13, /cannot be used/)
})

test('A master key that is missing, short or open to others ends the start with code 14, and is left as it is', async () => {
  using place = await freePlace()
  await seed(place.args)
  const key = join(place.dataDir, 'master.key')
  await chmod(key, 0o644)
  assertGaveUp(await runAcrux(['serve', ...place.args]), 14, /can be accessed by other users/)
  await chmod(key, 0o600)
  await writeFile(key, 'short')
  assertGaveUp(await runAcrux(['serve', ...place.args]), 14, /5 bytes/)
  await rm(key)
  assertGaveUp(await runAcrux(['serve', ...place.args]), 14, /missing/)
  assertGaveUp(await runAcrux(['serve', ...place.args]), 14, /missing/)
})

test('A certificate that cannot be used ends the start with code 15', async () => {
  using place = await freePlace()
  const file = join(place.folder, 'tls.pem')
  await writeFile(file, 'no certificate')
  assertGaveUp(await runAcrux(['serve', ...place.args, '--tls-cert', file, '--tls-key', file]), 15, /tls\.pem/)
  const absent = join(place.folder, 'absent.pem')
  assertGaveUp(await runAcrux(['serve', ...place.args, '--tls-cert', absent, '--tls-key', absent]), 15, /absent\.pem/)
})

test('A database of a newer version ends the start with code 16, and is left as it is', async () => {
  using place = await freePlace()
  await seed(place.args)
  const file = join(place.dataDir, 'acrux.db')
  {
    using database = new DatabaseSync(file)
    database.exec("insert into schema_migration (id, applied_at_ms) values ('later-0001-things', 1)")
  }
  assertGaveUp(await runAcrux(['serve', ...place.args]), 16, /later-0001-things/)
  {
    using database = new DatabaseSync(file)
    database.exec("delete from schema_migration where id = 'later-0001-things'")
  }
  await seed(place.args)
})

test('A database of a development version ends the start with code 13, and is left as it is', async () => {
  using place = await freePlace()
  await seed(place.args)
  const file = join(place.dataDir, 'acrux.db')
  using database = new DatabaseSync(file)
  const rows = () => JSON.stringify(database.prepare('select * from schema_migration').all())
  database.exec("update schema_migration set id = replace(id, '-0001-baseline', '-0001-tables')")
  const before = rows()
  for (const command of [
    ['serve', ...place.args],
    ['scrub', '--data-dir', place.dataDir],
  ]) {
    assertGaveUp(await runAcrux(command), 13, /a development version of Acrux, before the first release/)
  }
  assert.equal(rows(), before)
  database.exec("update schema_migration set id = replace(id, '-0001-tables', '-0001-baseline')")
  database.close()
  await seed(place.args)
})

test('Settings that cannot be used end the start with code 2', async () => {
  using place = await freePlace()
  assertGaveUp(await runAcrux(['serve', '--data-dir', place.dataDir, '--listen', 'nowhere']), 2, /--listen/)
})
