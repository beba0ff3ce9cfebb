import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshMs, isDangerous, needsStepUp } from './step-up.ts'

const registry = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso'

// prettier-ignore
const requests: readonly (readonly [dangerous: boolean, method: string, surface: 'arm' | 'graph' | 'registry', url: string])[] = [
  [true,  'POST',   'arm', `${registry}/listCredentials?api-version=1`],
  [true,  'POST',   'arm', `${registry}//LISTCREDENTIALS/?api-version=1`],
  [true,  'POST',   'arm', `${registry}/%6CistCredentials`],
  [true,  'DELETE', 'arm', registry],
  [true,  'PUT',    'arm', `${registry}/providers/Microsoft.Authorization/roleAssignments/x`],
  [true,  'DELETE', 'arm', `${registry}/providers/Acrux.Server/uploads/x`],
  [true,  'PUT',    'arm', '/subscriptions/s/providers/Acrux.Server/auditWebhooks/siem'],
  [true,  'POST',   'arm', '/subscriptions/s/providers/Acrux.Server/auditWebhooks/siem/rotateSecret'],
  [true,  'POST',   'arm', '/subscriptions/s/providers/Acrux.Server/auditWebhooks/siem/getCallbackConfig'],
  [true,  'POST',   'graph', '/graph/v1.0/applications/x/addPassword'],
  [true,  'PATCH',  'graph', '/graph/v1.0/users/x'],
  [true,  'POST',   'graph', '/graph/v1.0/users'],
  [true,  'POST',   'graph', '/graph/v1.0/users/x/authentication/methods/y/resetPassword'],
  [true,  'DELETE', 'graph', '/graph/v1.0/users/x/authentication/fido2Methods/y'],
  [true,  'POST',   'graph', '/graph/v1.0/users/x/authentication/oneTimeLinks'],
  [true,  'PATCH',  'graph', '/graph/v1.0/applications/x'],
  [true,  'DELETE', 'graph', '/graph/v1.0/groups/x'],
  [true,  'POST',   'graph', '/graph/v1.0/groups/x/members/$ref'],
  [true,  'DELETE', 'graph', '/graph/v1.0/groups/x/members/y/$ref'],
  [true,  'POST',   'graph', '/graph/v1.0/roleManagement/directory/roleAssignments'],
  [true,  'POST',   'arm', '/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/m/enrollmentCode'],
  [true,  'PATCH',  'arm', '/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/m'],
  [true,  'DELETE', 'registry', '/acr/v1/team/app'],
  [true,  'DELETE', 'graph', '/graph/v1.0/directoryObjects/x'],
  [false, 'GET',    'arm', registry],
  [true,  'PATCH',  'arm', registry],
  [true,  'PUT',    'arm', `${registry}/scopeMaps/x`],
  [true,  'PATCH',  'arm', `${registry}/tokens/x`],
  [true,  'PUT',    'arm', `${registry}/providers/Acrux.Server/anonymousAccess/default`],
  [true,  'PUT',    'arm', `${registry}/providers/Acrux.Server/quotas/x`],
  [true,  'DELETE', 'arm', `${registry}/providers/Acrux.Server/quotas/x`],
  [true,  'POST',   'arm', `${registry}/importImage?api-version=1`],
  [true,  'DELETE', 'arm', `${registry}/tokens/x`],
  [true,  'DELETE', 'arm', '/subscriptions/s/providers/Acrux.Server/auditWebhooks/siem'],
  [true,  'POST',   'graph', '/graph/v1.0/applications/x/removePassword'],
  [true,  'POST',   'arm', '/subscriptions/s/providers/Acrux.Server//backup'],
  [true,  'POST',   'arm', '/subscriptions/s/providers/Acrux.Server/%2fbackup'],
  [true,  'DELETE', 'arm', registry.replace('/registries/', '/registries//')],
  [true,  'PATCH',  'arm', `${registry}/tokens///x//`],
  [true,  'PUT',    'registry', '/v2/team/app/manifests/prod'],
  [true,  'POST',   'registry', '/acr/v1/_deleted/team/app'],
  [true,  'POST',   'arm', '/subscriptions/s/providers/Acrux.Server/garbageCollection'],
  [true,  'POST',   'arm', '/subscriptions/s/providers/Acrux.Server/backup'],
  [false, 'GET',    'arm', '/subscriptions/s/providers/Acrux.Server/backup'],
  [false, 'POST',   'arm', '/subscriptions/s/providers/Acrux.Server/scrub'],
  [false, 'GET',    'graph', '/graph/v1.0/users/x'],
  [false, 'POST',   'graph', '/graph/v1.0/users/x/revokeSignInSessions'],
  [false, 'DELETE', 'graph', '/graph/v1.0/me/signInSessions/y'],
  [false, 'POST',   'graph', '/graph/v1.0/applications/x/testWorkloadToken'],
  [false, 'POST',   'graph', '/graph/v1.0/groups'],
  [true,  'PATCH',  'registry', '/acr/v1/team/app'],
  [false, 'GET',    'registry', '/acr/v1/team/app'],
]

test('what deletes or replaces content, gives, shows or withdraws access, or fills a disk is dangerous', () => {
  for (const [dangerous, method, surface, url] of requests) {
    assert.equal(isDangerous(method, { surface, url }), dangerous, `${method} ${url}`)
  }
})

test('a person with a second factor authenticates again when the last time is ten minutes ago', async () => {
  const check = (authenticatedAtMs: number, hasFactor: boolean) =>
    needsStepUp(
      { clock: { now: () => 1_000_000_000 }, signIns: { hasSecondFactor: () => Promise.resolve(hasFactor) } },
      { objectId: 'x', authenticatedAtMs },
    )
  assert.equal(await check(1_000_000_000 - freshMs, true), true)
  assert.equal(await check(0, true), true)
  assert.equal(await check(1_000_000_000 - freshMs + 1, true), false)
  assert.equal(await check(0, false), false)
})
