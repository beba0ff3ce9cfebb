import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Application } from '../../api/attention.ts'
import type { Quota } from '../../api/types.ts'
import { ofApplications, ofQuotas } from './attention.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')
const day = (days: number) => new Date(nowMs + days * 24 * 3_600_000).toISOString()

function application(startDays: number, endDays: number): Application {
  const credential = { keyId: 'key', displayName: null, startDateTime: day(startDays), endDateTime: day(endDays) }
  return { id: 'x', appId: 'x', displayName: 'ci', passwordCredentials: [credential], keyCredentials: [] }
}

test('a secret needs attention when it expires within 30 days, has expired, or was not used for 90 days', () => {
  const texts = (startDays: number, endDays: number, lastUsedDays?: number) => {
    const uses = lastUsedDays === undefined ? [] : [{ credentialId: 'key', lastUsedAt: day(lastUsedDays) }]
    const found = ofApplications(
      [application(startDays, endDays)],
      uses as unknown as Parameters<typeof ofApplications>[1],
      nowMs,
    )
    return found.map(({ text }) => text)
  }
  assert.deepEqual(texts(-10, 31), [])
  assert.match(texts(-10, 30)[0] ?? '', /^A secret of ci expires next month/)
  assert.match(texts(-10, -1)[0] ?? '', /^A secret of ci expired yesterday/)
  assert.match(texts(-91, 100)[0] ?? '', /^A secret of ci was not used in the last 90 days/)
  assert.deepEqual(texts(-91, 100, -89), [])
})

test('without the uses of secrets, nothing is said to be unused', () => {
  assert.deepEqual(ofApplications([application(-200, 100)], null, nowMs), [])
})

test('a quota needs attention from 80 per cent on, and one of nothing at once', () => {
  const quota = (usedBytes: number, limitBytes: number) =>
    ({ properties: { repository: 'team/app', limitBytes, usedBytes } }) as unknown as Quota
  const quotas = [quota(799, 1000), quota(800, 1000), quota(0, 0)]
  assert.deepEqual(
    ofQuotas('contoso', quotas).map(({ text }) => text),
    ['team/app uses 80 % of its quota.', 'team/app uses 100 % of its quota.'],
  )
})
