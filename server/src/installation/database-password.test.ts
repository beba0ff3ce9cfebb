import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { StartupError } from '@acrux/shared/texts/startup-error.ts'
import { databasePassword } from './database-password.ts'

describe('the password of the database', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'acrux-password-'))
  })
  after(() => rm(dir, { recursive: true }))

  test('the password of the database is undefined if no source is set', async () => {
    assert.equal(await databasePassword({}), undefined)
  })

  test('the password of the database is read from its file for each connection, and only if no other user can read the file', async () => {
    const passwordFile = path.join(dir, 'password')
    await writeFile(passwordFile, 'first\n', { mode: 0o600 })
    const password = await databasePassword({ passwordFile })
    assert.equal(await password?.(), 'first')
    await writeFile(passwordFile, 'second\n')
    assert.equal(await password?.(), 'second')
    await chmod(passwordFile, 0o640)
    await assert.rejects(databasePassword({ passwordFile }), StartupError)
  })

  test('the password of the database is the output of a command, which runs once for all connections of a minute', async () => {
    const runs = path.join(dir, 'runs')
    const password = await databasePassword({ passwordCommand: `echo run >> '${runs}'; printf 'from a command\\n'` })
    assert.deepEqual(await Promise.all([password?.(), password?.()]), ['from a command', 'from a command'])
    assert.equal(await readFile(runs, 'utf8'), 'run\n')
  })

  test('a command that fails or prints an invalid password is rejected, and the error does not contain its output', async () => {
    for (const passwordCommand of [
      'echo secret1; echo secret1',
      'echo secret1 >&2; exit 7',
      'true',
      '/no/such/secret1',
    ]) {
      await assert.rejects(databasePassword({ passwordCommand }), (error) => {
        assert.ok(error instanceof StartupError)
        assert.doesNotMatch(error.message + error.nextStep, /secret1/)
        return true
      })
    }
  })
})
