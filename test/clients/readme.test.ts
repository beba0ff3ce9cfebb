import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { clientHome, requireClient, requireRoot, run } from '../harness/clients.ts'
import { startServer } from '../harness/server.ts'
import { makeImage } from './az/podman.ts'

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')

/** The shell examples below a heading, as a reader would type them one after the other. */
function examplesBelow(heading: string): string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(heading))
  return [...(section ?? '').matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '')
}

test('the examples of a first push in the README work as they are written', async (t) => {
  if (!requireClient(t, 'podman', 'az') || !requireRoot(t)) return
  await using server = await startServer()
  const { loginServer, caFile } = server.firstRun
  using home = clientHome(caFile)
  await makeImage(home, 'localhost/first:1', 'hello')
  const examples = examplesBelow('A first push')
  assert.equal(examples.length, 3)
  // What a reader has elsewhere is put in its place: the port, the data directory and an image.
  const script = examples
    .join('\n')
    .replaceAll('localhost:5443', loginServer)
    .replaceAll('$PWD/acrux-data', server.dataDir)
    .replaceAll('acrux-data', server.dataDir)
    .replaceAll('push IMAGE', 'push localhost/first:1')
    .replace(/^az acr login/m, 'DOCKER_COMMAND=podman az acr login')
  assert.ok(caFile.startsWith(dirname(server.dataDir)))
  const env = { ...home.env, PYTHONWARNINGS: 'ignore' }
  const ran = await run('bash', ['-euc', `${script}\necho every example ran`], { env, timeoutMs: 600_000 })
  assert.match(ran.stdout, /every example ran/, ran.stderr)
  assert.match(ran.stdout, /"hello"/, 'the repository that was pushed is listed')
  assert.match(ran.stdout, /"password"/, 'the principal for CI has a password')
})
