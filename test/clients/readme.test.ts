import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { clientHome, requireClient, requireRoot, run } from '../harness/clients.ts'
import { startServer } from '../harness/server.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The shell examples below a heading, in order. */
function examplesBelow(heading: string): string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(heading))
  return [...(section ?? '').matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '')
}

test('the examples of a first push in the README work as written', async (t) => {
  if (!requireClient(t, 'podman', 'az') || !requireRoot(t)) return
  await using server = await startServer()
  const { loginServer, caFile } = server.firstRun
  using home = clientHome(caFile)
  const examples = examplesBelow('A first push')
  assert.equal(examples.length, 3)
  // The test server has another port and another data directory.
  const script = examples
    .join('\n')
    .replaceAll('localhost:5443', loginServer)
    .replaceAll('$PWD/acrux-data', server.dataDir)
    .replaceAll('npx acrux', `${process.execPath} ${join(root, 'cli/src/main.ts')}`)
    .replace(/^az acr login/m, 'DOCKER_COMMAND=podman az acr login')
  assert.ok(caFile.startsWith(dirname(server.dataDir)))
  const env = { ...home.env, PYTHONWARNINGS: 'ignore' }
  const ran = await run('bash', ['-euc', `cd ${root}\n${script}\necho every example ran`], { env, timeoutMs: 600_000 })
  assert.match(ran.stdout, /every example ran/, ran.stderr)
  assert.match(ran.stdout, /"hello"/, 'the repository that was pushed is listed')
  assert.match(ran.stdout, /"password"/, 'the service principal has a password')
})
