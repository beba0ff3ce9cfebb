import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { clientHome, mustRun, requireClient, requireRoot } from '../harness/clients.ts'
import { at } from '../harness/json.ts'

const program = fileURLToPath(new URL('./without-variables-program.ts', import.meta.url))

test('az and the Azure SDK find the endpoint by themselves at the address of the metadata service', async (t) => {
  if (!requireClient(t, 'az', 'unshare', 'ip') || !requireRoot(t)) return
  using home = clientHome()
  const script = `ip link set lo up && ip address add 169.254.169.254/32 dev lo && exec "$0" "$@"`
  const args = ['--net', 'sh', '-c', script, process.execPath, program]
  const ran = await mustRun('unshare', args, { env: home.env, timeoutMs: 600_000 })
  const who: unknown = JSON.parse(ran.stdout)
  assert.deepEqual([at(who, 'az'), at(who, 'sdk')], [at(who, 'machine'), at(who, 'machine')])
})
