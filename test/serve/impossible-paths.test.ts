import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../harness/free-port.ts'
import { mainFile } from '../harness/program.ts'
import { tempDir } from '../harness/temp-dir.ts'

const rawCode = /\bE[A-Z]{4,}\b|\bERR_[A-Z_]+|spawnSync|\n\s+at /

function acrux(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [mainFile, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env['PATH'], HOME: '/', ...env },
  })
  return { status, text: stdout + stderr }
}

test('a data directory that cannot be made ends the start at once, with the reason in words', async () => {
  using home = tempDir('paths')
  const file = join(home.path, 'file')
  writeFileSync(file, 'x')
  const listen = `127.0.0.1:${await freePort()}`
  const cases: readonly [directory: string, reason: RegExp][] = [
    ['/proc/acrux', /does not exist/],
    ['/proc/self/acrux/data', /does not exist/],
    ['/dev/null/acrux', /a file, not a directory/],
    [file, /a file with this name/],
    [join(file, 'data'), /a file, not a directory/],
    [join(home.path, 'n'.repeat(300)), /the name is too long/],
    [join(home.path, 'deep', 'n'.repeat(300), 'data'), /the name is too long/],
  ]
  for (const [directory, reason] of cases) {
    const { status, text } = acrux(['serve', '--listen', listen, '--data-dir', directory])
    assert.equal(status, 13, `${directory}: ${text}`)
    assert.match(text, reason, directory)
    assert.doesNotMatch(text, rawCode, directory)
    assert.match(text, /choose another directory with --data-dir/)
  }
})

test('files that cannot be read or written are named with the reason in words, by every command', async () => {
  using home = tempDir('paths')
  const missing = join(home.path, 'missing')
  const broken = join(home.path, 'broken')
  writeFileSync(join(home.path, 'acrux.db'), 'this is no database')
  writeFileSync(broken, 'x')
  const listen = `127.0.0.1:${await freePort()}`
  const serve = ['serve', '--listen', listen, '--data-dir', join(home.path, 'data')]
  const commands: readonly (readonly string[])[] = [
    [...serve, '--config', missing],
    [...serve, '--tls-cert', missing, '--tls-key', missing],
    [...serve, '--tls-cert', home.path, '--tls-key', home.path],
    [...serve, '--metrics-listen', '0.0.0.0:9', '--metrics-token-file', missing],
    ['audit', 'verify', '--data-dir', missing],
    ['audit', 'verify', '--data-dir', home.path],
    ['audit', 'export', '--data-dir', broken],
    ['scrub', '--data-dir', missing],
    ['backup', 'create', '/proc/acrux', '--data-dir', missing],
    ['backup', 'list', missing],
    ['backup', 'verify', broken],
    ['acr', 'why', '00000000-0000-0000-0000-000000000000', '-n', 'none'],
  ]
  for (const command of commands) {
    const { status, text } = acrux(command, { PATH: home.path })
    assert.notEqual(status, 0, command.join(' '))
    assert.notEqual(status, null, `${command.join(' ')} does not end`)
    assert.doesNotMatch(text, rawCode, `${command.join(' ')}: ${text}`)
  }
})
