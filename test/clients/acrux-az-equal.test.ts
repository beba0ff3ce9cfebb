import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { findProgram } from '../harness/clients.ts'
import { startServer } from '../harness/server.ts'
import { acruxClient } from './acrux/acrux.ts'
import { azHome, signInArguments, step } from './az/az.ts'
import { profileLines, registerLine } from './equal/profile.ts'

const server = await startServer()
const az = azHome(server.caFile)
const acrux = acruxClient(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  acrux[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { resourceManager, servicePrincipal, tenantId } = server.firstRun

before(async () => {
  if (findProgram('az') === undefined) return
  for (const args of [registerLine(resourceManager), ['cloud', 'set', '-n', 'acrux']]) {
    await az.text(...args)
    await acrux.text(args)
  }
  await az.text('config', 'set', 'core.instance_discovery=false')
  await az.text(...signInArguments(server))
  const login = ['login', '--service-principal', '-u', servicePrincipal.appId, '-p', '-', '--tenant', tenantId]
  await acrux.text(login, { input: servicePrincipal.password })
})

for (const [args, why] of profileLines(server.firstRun)) {
  step(
    `acrux prints what az prints: ${args.join(' ').replaceAll(/[0-9a-f-]{36}/g, 'ID')} (${why})`,
    ['az'],
    async () => {
      const expected = await az.run(args)
      const actual = await acrux.run(args)
      assert.deepEqual(
        { code: actual.code, stdout: actual.stdout },
        { code: expected.code, stdout: expected.stdout },
        `az: ${expected.stderr}\nacrux: ${actual.stderr}`,
      )
      if (expected.code !== 0) assert.notEqual(actual.stderr.trim(), '')
    },
  )
}
