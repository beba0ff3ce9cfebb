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
  assert.match(told.stdout, /^requested: pull on team\/app$/m)
  assert.match(told.stdout, /^reason: {4}wrong-password$/m)
  assert.match(told.stdout, /^fix: {7}sign in again$/m)
  assert.ok(!told.stdout.includes('a wrong secret'))
  const json = await runAcrux(['acr', 'why', id, ...at, '-o', 'json'])
  assert.equal((JSON.parse(json.stdout) as { correlationId: string }).correlationId, id)
  const last = ['acr', 'why', '--last', ...at]
  assert.equal((await runAcrux(last)).stdout, told.stdout)
  assert.equal((await runAcrux([...last, '--principal', first.servicePrincipal.appId])).stdout, told.stdout)
  const none = await runAcrux([...last, '--principal', 'nobody'])
  assert.deepEqual([none.code, none.stdout, none.stderr], [1, '', 'acrux: no denial was found\n'])
  const unknown = await runAcrux(['acr', 'why', '019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11', ...at])
  assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
  assert.match(unknown.stderr, /^acrux: no denial has the id 019ab7c0-[^\n]+\n {7}use the x-ms-correlation-request-id/)
  for (const wrong of [['why'], ['why', id, '--last'], ['why', id, '-o', 'xml'], ['can', 'admin'], ['who']]) {
    assert.equal((await runAcrux(['acr', ...wrong, ...at])).code, 2, wrong.join(' '))
  }
  const help = await runAcrux(['acr', 'why', '--help'])
  assert.match(help.stdout, /^Exit codes:\n {2}0 {3}the denial was explained/m)
})
