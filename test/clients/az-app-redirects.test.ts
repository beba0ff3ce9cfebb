import assert from 'node:assert/strict'
import { after } from 'node:test'
import { at, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { azHome, signIn, step } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const webUris = ['https://shop.example/signed-in', 'http://localhost:5000/callback']
let appId = ''

step('az ad app create registers redirect URIs and public flows', ['az'], async () => {
  await signIn(az, server)
  const web = ['--web-redirect-uris', ...webUris]
  const program = ['--public-client-redirect-uris', 'http://localhost', '--is-fallback-public-client', 'true']
  const made = await az.json('ad', 'app', 'create', '--display-name', 'shop', ...web, ...program)
  appId = stringAt(made, 'appId')
  assert.partialDeepStrictEqual(made, {
    web: { redirectUris: webUris },
    publicClient: { redirectUris: ['http://localhost'] },
    spa: { redirectUris: [] },
    isFallbackPublicClient: true,
  })
})

step('az ad app update replaces what it names and leaves the rest', ['az'], async () => {
  await az.text('ad', 'app', 'update', '--id', appId, '--web-redirect-uris', 'https://shop.example/new')
  await az.text('ad', 'app', 'update', '--id', appId, '--is-fallback-public-client', 'false')
  const shown = await az.json('ad', 'app', 'show', '--id', appId)
  assert.deepEqual(at(shown, 'web', 'redirectUris'), ['https://shop.example/new'])
  assert.deepEqual(at(shown, 'publicClient', 'redirectUris'), ['http://localhost'])
  assert.equal(at(shown, 'isFallbackPublicClient'), false)
})

step('az ad app update reports which redirect URIs are unsafe', ['az'], async () => {
  for (const uri of ['http://shop.example/', 'https://*.example/', 'https://shop.example/#x']) {
    await az.fails(1, /redirectUris/, 'ad', 'app', 'update', '--id', appId, '--web-redirect-uris', uri)
  }
  await az.text('ad', 'app', 'delete', '--id', appId)
})
