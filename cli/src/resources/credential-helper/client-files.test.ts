import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { addToFile, removeFromFile, runtimeFile } from './client-files.ts'

const home = mkdtempSync(join(tmpdir(), 'acrux-client-files-'))
after(() => rmSync(home, { recursive: true }))
const env = { ACRUX_CONFIG_DIR: join(home, 'acrux') }

test('changes of a configuration file at the same time do not overwrite each other', async () => {
  const file = join(home, 'config.json')
  const servers = Array.from({ length: 10 }, (_, index) => `registry-${index}.example.com`)
  await Promise.all(servers.map((server) => addToFile(file, server, env)))
  const helpers = (): object => (JSON.parse(readFileSync(file, 'utf8')) as { credHelpers?: object }).credHelpers ?? {}
  assert.deepEqual(Object.keys(helpers()).sort(), servers)
  await Promise.all(servers.map((server) => removeFromFile(file, server, env)))
  assert.deepEqual(helpers(), {})
})

test('the file of podman login is in the runtime directory, or below /run without one', () => {
  assert.equal(runtimeFile('/run/user/1000', 1000), '/run/user/1000/containers/auth.json')
  assert.equal(runtimeFile(undefined, 0), '/run/containers/0/auth.json')
  assert.equal(runtimeFile(undefined, undefined), undefined)
})
