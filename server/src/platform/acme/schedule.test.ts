import assert from 'node:assert/strict'
import { test } from 'node:test'
import { X509Certificate } from 'node:crypto'
import { selfSignedCertificate } from '../../../testing/platform/test-certificate.ts'
import { type Failures, failedAgain, isDue, isNearEnd } from './schedule.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

test('a failed order is repeated at most five times in the first hour, and then every six hours', () => {
  const attempts: number[] = []
  let failures: Failures | undefined
  for (let nowMs = 0; nowMs < 7 * dayMs; nowMs = failures.retryAtMs) {
    attempts.push(nowMs)
    failures = failedAgain(failures, nowMs, 0)
  }
  assert.equal(attempts.filter((nowMs) => nowMs < hourMs).length, 5)
  const gaps = attempts.slice(1).map((nowMs, index) => nowMs - (attempts[index] ?? 0))
  assert.equal(Math.max(...gaps), 6 * hourMs)
  assert.equal(gaps.at(-1), 6 * hourMs)
})

test('a failed order waits as long as the provider asks', () => {
  assert.deepEqual(failedAgain(undefined, 1000, hourMs), { count: 1, delayMs: hourMs, retryAtMs: 1000 + hourMs })
})

for (const days of [90, 6]) {
  test(`a certificate for ${days} days is due after two thirds of its lifetime, and expires soon after five sixths`, async () => {
    const startMs = Date.parse('2026-01-01T00:00:00Z')
    const { pem } = await selfSignedCertificate(new Date(startMs), new Date(startMs + days * dayMs), 'P-256')
    const certificate = new X509Certificate(pem)
    const states = [0.6, 0.7, 0.8, 0.9, 1.1].map((share) => {
      const nowMs = startMs + share * days * dayMs
      return [isDue(certificate, nowMs), isNearEnd(certificate, nowMs)]
    })
    assert.deepEqual(states, [
      [false, false],
      [true, false],
      [true, false],
      [true, true],
      [true, true],
    ])
  })
}
