import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Audit, AuditEvent } from '../../audit/index.ts'
import { failedBefore } from '../../authorization/index.ts'
import { type RecordedDecision, recordDecisions, toDecision } from './recorded-decisions.ts'
import { LatestEntries } from './recorded-requests.ts'

const nowMs = Date.UTC(2027, 0, 1)
const origin = { correlationId: 'id-1', remoteAddress: '127.0.0.1', userAgent: undefined }
const user = { kind: 'user', id: '11111111-1111-4111-8111-111111111111' } as const
const scope = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso'
const decision = {
  ...failedBefore('no-assignment', {
    kind: 'assign-role',
    roleName: 'Container Registry Repository Reader',
    roleDefinitionName: 'b93aa761-3e63-49ed-ac28-beffa264f7ac',
    scope,
    condition: undefined,
  }),
  asked: { action: 'pull', repository: 'team/app', scope },
}
const denied: AuditEvent = {
  action: 'data.access',
  outcome: 'refused',
  actor: user,
  target: 'contoso.example.com/team/app',
  reason: 'insufficient-scope',
  detail: { actions: ['pull'], decision },
  origin,
}

test('a recorded denial contains the missing permission, its reason and a command that assigns the permission', () => {
  assert.deepEqual(toDecision(denied, nowMs), {
    id: 'id-1',
    at: '2027-01-01T00:00:00.000Z',
    principal: user.id,
    action: 'pull',
    repository: 'team/app',
    reason: 'no-assignment',
    remedy: `acrux acr grant ${user.id} pull team/app -n contoso`,
  })
})

// prettier-ignore
const principals: readonly (readonly [AuditEvent['actor'], string | null])[] = [
  [{ kind: 'scoped-token', id: 'contoso/device' }, 'token:device'],
  [{ kind: 'admin', id: 'contoso' },               'admin'],
  [{ kind: 'anonymous', id: '' },                  'anonymous'],
  [{ kind: 'claimed', id: 'ada' },                 'ada'],
  [{ kind: 'claimed', id: '' },                    null],
]

for (const [actor, expected] of principals) {
  test(`the principal of a decision is ${expected ?? 'null'} for ${actor.kind} '${actor.id}'`, () => {
    assert.equal(toDecision({ ...denied, actor }, nowMs)?.principal, expected)
  })
}

test('the emulator records no decision for a token with all requested access, but records a token with less access', () => {
  const issued: AuditEvent = {
    ...denied,
    action: 'token.issue',
    outcome: 'success',
    detail: { asked: [], granted: '' },
  }
  assert.equal(toDecision(issued, nowMs), undefined)
  assert.equal(toDecision({ ...denied, action: 'manifest.push', outcome: 'success' }, nowMs), undefined)
  const less = { asked: ['repository:team/app:pull'], granted: '', leftOut: ['repository:team/app:pull'], decision }
  assert.equal(toDecision({ ...issued, detail: less }, nowMs)?.reason, 'no-assignment')
})

test('a denial without a record of checks has the reason in its audit event', () => {
  const { detail: _detail, ...bare } = denied
  assert.deepEqual(toDecision({ ...bare, action: 'token.issue', reason: 'wrong-credentials' }, nowMs), {
    id: 'id-1',
    at: '2027-01-01T00:00:00.000Z',
    principal: user.id,
    action: 'token.issue',
    repository: null,
    reason: 'wrong-credentials',
    remedy: 'sign in again',
  })
})

test('each denial is recorded, including the denial of a prepared event, and the audit log still gets all events', async () => {
  const written: string[] = []
  const audit: Audit = {
    record: () => Promise.resolve(),
    append: async ({ action }) => void written.push(action),
    prepare:
      ({ action }) =>
      async ({ correlationId }) =>
        void written.push(`${action} ${correlationId}`),
    noteUse: () => undefined,
  }
  const decisions = new LatestEntries<RecordedDecision>()
  const wrapped = recordDecisions(audit, decisions, () => nowMs)
  await wrapped.append(denied)
  await wrapped.append({ ...denied, outcome: 'success' })
  const append = wrapped.prepare({ ...denied, action: 'token.issue' })
  await append({ ...origin, correlationId: 'id-2' })
  assert.deepEqual(
    decisions.last(10).map(({ id }) => id),
    ['id-1', 'id-2'],
  )
  assert.deepEqual(written, ['data.access', 'data.access', 'token.issue id-2'])
})
