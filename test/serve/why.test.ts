import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePlace, runAcrux, startAcrux } from './acrux.ts'

test('acrux acr why explains a denial from the data directory, and reports an unknown id', async () => {
  using place = await freePlace()
  await using server = await startAcrux(place.args)
  void server
  const first = JSON.parse(readFileSync(join(place.dataDir, 'first-run.json'), 'utf8')) as {
    loginServer: string
    servicePrincipal: { appId: string }
  }
  const authorization = `Basic ${Buffer.from(`${first.servicePrincipal.appId}:a wrong secret`).toString('base64')}`
  const id = await new Promise<string>((resolve, reject) => {
    const headers = { authorization, host: first.loginServer }
    const url = `https://127.0.0.1:${place.port}/v2/team/app/manifests/1`
    get(url, { headers, rejectUnauthorized: false }, (response) => {
      response.resume()
      resolve(String(response.headers['x-ms-correlation-request-id']))
    }).on('error', reject)
  })
  const at = ['--data-dir', place.dataDir]
  const told = await runAcrux(['acr', 'why', id, ...at])
  assert.equal(told.code, 0, told.stderr)
  assert.match(told.stdout, /^asked: {4}pull on team\/app$/m)
  assert.match(told.stdout, /^why: {6}wrong-password$/m)
  assert.match(told.stdout, /^change: {3}sign in again$/m)
  assert.ok(!told.stdout.includes('a wrong secret'))
  const json = await runAcrux(['acr', 'why', id, ...at, '-o', 'json'])
  assert.equal((JSON.parse(json.stdout) as { correlationId: string }).correlationId, id)
  const unknown = await runAcrux(['acr', 'why', '019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11', ...at])
  assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
  for (const wrong of [['why'], ['why', id, '-o', 'xml'], ['can', 'admin'], ['who']]) {
    assert.equal((await runAcrux(['acr', ...wrong, ...at])).code, 2, wrong.join(' '))
  }
  const help = await runAcrux(['acr', '--help'])
  assert.match(help.stdout, /Exit codes: 0 answered/)
})
