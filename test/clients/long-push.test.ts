import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../harness/free-port.ts'
import { mustRun } from '../harness/clients.ts'
import { accessToken } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { principalLogin } from './acrux/acrux.ts'
import { claimsOf, step } from './az/az.ts'
import { helperHome } from './lib/credential-helper.ts'
import { startSlowProxy } from './lib/slow-proxy.ts'

/** The source, whose lifetime of tokens can be changed. */
const mainFile = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))
const shortTokens = fileURLToPath(new URL('lib/short-tokens-program.ts', import.meta.url))

const layerBytes = 1024 * 1024

step('a push with the helper that lasts longer than its access token succeeds', ['podman', 'tar'], async () => {
  const port = await freePort()
  // A layer takes 75 seconds, and an access token is valid for 60.
  await using proxy = await startSlowProxy(port, layerBytes / 75)
  await using server = await startServer({
    port,
    program: [process.execPath, '--import', shortTokens, mainFile],
    args: ['--public-host', `localhost:${proxy.port}`],
  })
  const { registry, loginServer, servicePrincipal } = server.firstRun
  assert.equal(loginServer, `localhost:${proxy.port}`)
  const credential = { username: servicePrincipal.appId, password: servicePrincipal.password }
  const claims = claimsOf(await accessToken(server, credential, ['repository:slow/app:push'])) as Claims
  assert.equal(claims.exp - claims.iat, 60)
  using home = helperHome(server.caFile)
  await home.text(principalLogin(server), { input: servicePrincipal.password })
  await home.text(['acr', 'login', '-n', registry, '--helper'])
  const inHome = (name: string): string => join(home.home.path, name)
  writeFileSync(inHome('layer'), randomBytes(layerBytes))
  await mustRun('tar', ['-C', home.home.path, '-cf', inHome('layer.tar'), 'layer'], { env: home.env })
  await mustRun('podman', ['import', inHome('layer.tar'), 'localhost/slow:1'], { env: home.env })
  const begun = performance.now()
  await mustRun('podman', ['push', 'localhost/slow:1', `${loginServer}/slow/app:1`], { env: home.env })
  assert.ok(performance.now() - begun > 60_000, 'the push lasted longer than the token')
})

type Claims = { readonly exp: number; readonly iat: number }
