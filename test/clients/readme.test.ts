import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientHome, requireClient, run } from '../harness/clients.ts'
import { startServer } from '../harness/server.ts'
import { acruxInPath } from './acrux/acrux-in-path.ts'
import { makeImage } from './az/podman.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The shell examples below a heading, in order. */
function examplesBelow(heading: string): string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(heading))
  return [...(section ?? '').matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '')
}

test('the examples of a first push in the README work as written', async (t) => {
  if (!requireClient(t, 'podman', 'az')) return
  await using server = await startServer()
  using home = clientHome()
  const [serve, ...examples] = examplesBelow('From nothing to a pushed image')
  assert.equal(serve, 'acrux serve\n')
  assert.equal(examples.length, 3)
  await makeImage(home, 'localhost/hello:1', 'of the README\n')
  // The test server has another port and another data directory.
  const script = examples.join('\n').replaceAll('localhost:5443', server.firstRun.loginServer)
  const env = { ...acruxInPath(home), ACRUX_DATA_DIR: server.dataDir }
  const ran = await run('bash', ['-euc', `${script}\necho every example ran`], { env, timeoutMs: 600_000 })
  assert.match(ran.stdout, /every example ran/, ran.stderr)
  assert.match(ran.stdout, /"hello"/, 'the repository that was pushed is listed')
  assert.match(ran.stdout, /"password"/, 'the service principal has a password')
})
