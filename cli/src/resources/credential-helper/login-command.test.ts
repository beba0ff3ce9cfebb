import assert from 'node:assert/strict'
import { test } from 'node:test'
import { azureCloud } from '../../framework/profile/clouds.ts'
import type { Profile, SignInMethod } from '../../framework/profile/profile.ts'
import { loginCommand } from './login-command.ts'

const endpoints = { ...azureCloud.endpoints, resourceManager: 'https://registry.example.com:8443/' }
const profile: Profile = {
  version: 1,
  activeCloud: 'acrux',
  clouds: [{ ...azureCloud, name: 'acrux', endpoints }],
  signIns: [],
  subscriptions: [],
}

// prettier-ignore
const cases: readonly (readonly [method: SignInMethod, flags: string])[] = [
  [{ kind: 'user', clientId: 'c' }, ''],
  [{ kind: 'secret' }, ' --service-principal -u ci --tenant t -p -'],
  [{ kind: 'certificate', file: '/home/ada/my key.pem', sendsChain: false }, " --service-principal -u ci --tenant t --certificate '/home/ada/my key.pem'"],
  [{ kind: 'federated', file: '/run/token' }, " --service-principal -u ci --tenant t --federated-token '@/run/token'"],
  [{ kind: 'federated', file: undefined }, ' --service-principal -u ci --tenant t --federated-token -'],
  [{ kind: 'managed-identity', parameter: undefined, value: undefined }, ' --identity'],
  [{ kind: 'managed-identity', parameter: 'client_id', value: 'a' }, ' --identity --client-id a'],
  [{ kind: 'managed-identity', parameter: 'mi_res_id', value: '/a' }, ' --identity --resource-id /a'],
]

test('the command signs in to the same server with the same method, and has no secret', () => {
  for (const [method, flags] of cases) {
    const command = loginCommand(profile, { cloud: 'acrux', userName: 'ci', tenantId: 't', method })
    assert.equal(command, `acrux login --server https://registry.example.com:8443${flags}`)
  }
  assert.equal(loginCommand(profile, { cloud: 'AzureCloud' }), 'acrux login', 'Azure is not a server')
})
