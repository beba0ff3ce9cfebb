import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NamedDecision, whyText } from './why-text.ts'

const decision: NamedDecision = {
  correlationId: '019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11',
  eventTimestamp: '2026-11-24T12:00:00.120Z',
  event: 'data.access',
  outcome: 'refused',
  reason: 'role-lacks-action',
  target: 'contoso.example.com/team/app',
  remoteAddress: '203.0.113.7',
  principal: { kind: 'service-principal', id: 'o' },
  credential: { kind: 'client-secret', id: 'k' },
  asked: { action: 'push', repository: 'team/app', scope: '/r' },
  token: null,
  roleAssignmentMode: 'LegacyRegistryPermissions',
  needs: ['push/write'],
  assignments: [
    {
      id: '/a',
      principalId: 'o',
      principalType: 'ServicePrincipal',
      scope: '/r',
      roleDefinitionId: '/d',
      roleName: 'AcrPull',
      condition: "@Request[a] StringEquals 'b'",
      result: 'role-lacks-action',
    },
  ],
  assignmentCount: 3,
  scopeMap: null,
  tokenAccess: '',
  presented: null,
  firstFailure: 'role-lacks-action',
  smallestChange: { kind: 'assign-role', roleName: 'AcrPush', scope: '/r' },
  principalNames: { o: 'ci' },
  fix: "acrux acr grant ci push '*' -n contoso",
}

test('the text of a decision has one line for each fact, with the fact behind a label', () => {
  assert.equal(
    whyText(decision),
    `2026-11-24T12:00:00.120Z  data.access  refused
principal: service-principal ci, with client-secret k, from 203.0.113.7
target:    contoso.example.com/team/app
requested: push on team/app
needs:     push/write
role:      AcrPull at /r: role-lacks-action
           condition @Request[a] StringEquals 'b'
           and 2 more assignments
sent:      a token that grants no access
reason:    role-lacks-action
fix:       acrux acr grant ci push '*' -n contoso`,
  )
})

test('the text names the group that has a role', () => {
  const [assignment] = decision.assignments
  const assignments = assignment === undefined ? [] : [{ ...assignment, principalId: 'g', principalType: 'Group' }]
  const text = whyText({ ...decision, assignments, principalNames: { o: 'ci', g: 'team' } })
  assert.match(text, /^role: {6}AcrPull at \/r, through group team: role-lacks-action$/m)
})

test('the text shows the issuer and subject of a token, when the token expired, and which audience was expected', () => {
  const presented = { issuer: 'https://issuer.example', subject: 'repo:a', expiredAt: null, wantedAudience: null }
  const linesOf = (change: Partial<typeof presented> | { expiredAt: string } | { wantedAudience: string }) =>
    whyText({ ...decision, firstFailure: 'x', presented: { ...presented, ...change } }).split('\n')
  const expired = linesOf({ expiredAt: '2026-11-24T12:00:00.000Z' })
  assert.ok(expired.includes('sent:      a token of issuer https://issuer.example for subject repo:a'))
  assert.ok(expired.includes('reason:    x, expired at 2026-11-24T12:00:00.000Z'))
  const wanted = linesOf({ wantedAudience: 'registry.example.com' })
  assert.ok(wanted.includes('reason:    x, wanted the audience registry.example.com'))
})

test('the text shows which actions a token did not grant, and what has changed since', () => {
  const text = whyText({
    ...decision,
    principal: { kind: 'scoped-token', id: 'contoso/ci' },
    credential: null,
    asked: null,
    token: { asked: ['repository:a:pull,push'], granted: '', leftOut: ['repository:a:push'] },
    needs: [],
    assignments: [],
    assignmentCount: 0,
    scopeMap: { name: 'pulls', actions: ['repositories/a/content/read'] },
    tokenAccess: 'repository:a:pull',
    fix: 'acrux acr token update -n ci -r contoso --status enabled',
    since: {
      allowed: false,
      firstFailure: 'no-assignment',
      smallestChange: null,
      roleAssignmentMode: null,
      assignments: [{ id: '/a', was: 'allows', is: null }],
    },
  })
  const [, ...lines] = text.split('\n')
  assert.deepEqual(lines, [
    'principal: scoped-token contoso/ci, from 203.0.113.7',
    'target:    contoso.example.com/team/app',
    'token:     requested repository:a:pull,push; granted nothing',
    'left out:  repository:a:push',
    'scope map: pulls: repositories/a/content/read',
    'sent:      a token for repository:a:pull',
    'reason:    role-lacks-action',
    'fix:       acrux acr token update -n ci -r contoso --status enabled',
    'now:       the request would be denied: no-assignment',
    '           /a: allows, now does not exist',
  ])
})
