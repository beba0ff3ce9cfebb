import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Audit, AuditEvent } from '../../audit/index.ts'
import type { Access } from '../../authorization/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Resources } from '../../resources/index.ts'
import { createRealism } from './realism.ts'

const second = 1000
const minute = 60 * second
const time = { nowMs: Date.UTC(2027, 0, 1) }
const user = { kind: 'user', id: 'ada' } as const
const origin = { correlationId: 'id', remoteAddress: '127.0.0.1', userAgent: undefined }
const scope = '/subscriptions/s/resourceGroups/g'
const assignment = { scope, name: 'a' }

const row = {
  scope,
  role_definition_name: 'role',
  principal_id: 'bob',
  principal_type: 'User',
  condition: null,
  role_name: null,
  permissions: null,
}

/** An audit log that stores nothing. */
const audit: Audit = {
  record: () => Promise.resolve(),
  append: () => Promise.resolve(),
  prepare: () => () => Promise.resolve(),
  noteUse: () => undefined,
}

function open() {
  const realism = createRealism({ now: () => time.nowMs })
  const log = realism.wrapAudit(audit)
  const report = (event: Pick<AuditEvent, 'action' | 'target'> & Partial<AuditEvent>) =>
    log.append({ outcome: 'success', actor: user, origin, ...event })
  const assign = () =>
    report({ action: 'role-assignment.create', target: `${scope}/providers/Microsoft.Authorization/roleAssignments/a` })
  const remove = (name: string) => {
    realism.delays.assignments.keepDeleted({ ...row, name })
    return report({
      action: 'role-assignment.delete',
      target: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    })
  }
  return { ...realism, report, assign, remove }
}

/** Pairs of the time after a change, in milliseconds, and whether the change is then effective. */
type Course = readonly (readonly [afterMs: number, counts: boolean])[]

function assertCourse(course: Course, counts: () => boolean): void {
  const begunMs = time.nowMs
  for (const [afterMs, expected] of course) {
    time.nowMs = begunMs + afterMs
    assert.equal(counts(), expected, `after ${afterMs / second} s`)
  }
}

const ten: Course = [
  [0, false],
  [10 * minute - 1, false],
  [10 * minute, true],
]

test('a role assignment takes effect after 10 minutes in the management API and in registries', async () => {
  const { delays, assign } = open()
  await assign()
  assertCourse(ten, () => !delays.assignments.isNew(assignment, 'bob', 'management'))
  await assign()
  assertCourse(ten, () => !delays.assignments.isNew(assignment, 'bob', 'registries'))
  assert.equal(delays.assignments.isNew({ scope, name: 'other' }, 'bob', 'management'), false)
})

test('a role assignment takes effect in registries after one minute if the principal has signed in since its creation', async () => {
  const { delays, assign, report } = open()
  const signIn = (id: string) => report({ action: 'token.exchange', target: 'r', actor: { kind: 'user', id } })
  await signIn('bob')
  time.nowMs += second
  await assign()
  const begunMs = time.nowMs
  const counts = (id: string) => !delays.assignments.isNew(assignment, id, 'registries')
  time.nowMs = begunMs + minute
  assert.equal(counts('bob'), false, 'the sign-in was before')
  await signIn('bob')
  assert.equal(counts('bob'), true)
  assert.equal(counts('eve'), false, 'another principal')
  assert.equal(delays.assignments.isNew(assignment, 'bob', 'management'), true)
})

test('a deleted role assignment remains effective for 10 minutes, and for one minute in registries after a new sign-in', async () => {
  const { delays, remove, report } = open()
  await remove('a')
  const begunMs = time.nowMs
  const counts = (decidedBy: 'management' | 'registries', assignee = 'bob') =>
    delays.assignments.deletedOf(assignee, 'bob', decidedBy).length > 0
  assert.deepEqual([counts('management'), counts('registries'), counts('registries', 'eve')], [true, true, false])
  time.nowMs += minute
  assert.equal(counts('registries'), true)
  await report({ action: 'token.exchange', target: 'r', actor: { kind: 'user', id: 'bob' } })
  assert.deepEqual([counts('management'), counts('registries')], [true, false])
  time.nowMs = begunMs + 10 * minute
  assert.equal(counts('management'), false)
})

test('changes by the first start and by a seed, and denied requests, take effect without a delay', async () => {
  const { delays, report } = open()
  const event = {
    action: 'role-assignment.create',
    target: `${scope}/providers/Microsoft.Authorization/roleAssignments/a`,
  }
  await report({ ...event, actor: { kind: 'system', id: 'seed' } })
  await report({ ...event, outcome: 'refused' })
  assert.equal(delays.assignments.isNew(assignment, 'bob', 'management'), false)
})

test('a regenerated admin password authenticates after 60 seconds, and the other password without a delay', async () => {
  const { delays, report } = open()
  const names = new Map([
    ['new', 'password'],
    ['old', 'password2'],
  ] as const)
  const resources = delays.ofResources({
    verifyAdminPassword: async (_rid: string, text: string) => {
      const name = names.get(text as 'new')
      return name && { name, generation: 1 }
    },
  } as unknown as Resources)
  await report({ action: 'registry.regenerate-credential', target: 'r', detail: { rid: '1', name: 'password' } })
  const begunMs = time.nowMs
  for (const [afterMs, authenticates] of [
    [0, false],
    [59_999, false],
    [60_000, true],
  ] as const) {
    time.nowMs = begunMs + afterMs
    assert.equal((await resources.verifyAdminPassword('1', 'new')) !== undefined, authenticates)
    assert.ok(await resources.verifyAdminPassword('1', 'old'))
    assert.equal(await resources.verifyAdminPassword('1', 'wrong'), undefined)
  }
})

test('a generated token password authenticates after 60 seconds; before, the server reports it as wrong', async () => {
  const { delays, report } = open()
  const passwordId = { tokenId: 't', passwordId: 'p' }
  const access = delays.ofAccess({
    verifyScopedTokenPassword: async (_rid: string, name: string, passwordName: string) => ({
      passwordId,
      name,
      passwordName,
      expiresAtMs: undefined,
    }),
    checkScopedTokenPassword: async () => 'verified' as const,
  } as unknown as Access)
  const detail = { tokenId: 't', names: ['password1'] }
  await report({ action: 'scoped-token.generate-credentials', target: 'r', detail })
  assert.equal(await access.verifyScopedTokenPassword('1', 'device', 'password1'), undefined)
  assert.equal(await access.checkScopedTokenPassword('1', 'device', 'password1'), 'wrong-password')
  assert.ok(await access.verifyScopedTokenPassword('1', 'device', 'password2'))
  time.nowMs += minute
  assert.ok(await access.verifyScopedTokenPassword('1', 'device', 'password1'))
  assert.equal(await access.checkScopedTokenPassword('1', 'device', 'password1'), 'verified')
})

test('a managed identity becomes a member of a group after 24 hours, and a user without a delay', async () => {
  const { delays, report } = open()
  const directory = delays.ofDirectory({
    groupIdsOf: async () => ['g1', 'g2'],
    managedIdentities: { findById: async (id: string) => (id === 'mi' ? {} : undefined) },
  } as unknown as Directory)
  for (const memberId of ['mi', 'bob']) {
    await report({ action: 'group.add-member', target: 'groups/g1', detail: { memberId } })
  }
  assert.deepEqual(await directory.groupIdsOf('mi'), ['g2'])
  assert.deepEqual(await directory.groupIdsOf('bob'), ['g1', 'g2'])
  time.nowMs += 24 * 60 * minute
  assert.deepEqual(await directory.groupIdsOf('mi'), ['g1', 'g2'])
})

test('a snapshot keeps the changes that have not taken effect', async () => {
  const { delays, assign, remove, kept } = open()
  await assign()
  await remove('b')
  const saved = structuredClone(kept.save())
  const pending = () => [
    delays.assignments.isNew(assignment, 'bob', 'management'),
    delays.assignments.deletedOf('bob', 'bob', 'management').length,
  ]
  kept.restore()
  assert.deepEqual(pending(), [false, 0])
  kept.restore(saved)
  assert.deepEqual(pending(), [true, 1])
})
