import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingDocuments, findingsText } from './findings.ts'

test('findings are lines of aligned columns, each with its next step below', () => {
  const findings = findingDocuments([
    { check: 'name', status: 'ok', detail: 'registry.example.com is 192.0.2.1' },
    { check: 'sign-in', status: 'failed', detail: 'nobody is signed in', nextStep: 'acrux login' },
  ])
  assert.equal(
    findingsText(findings),
    [
      'ok       name     registry.example.com is 192.0.2.1',
      'failed   sign-in  nobody is signed in',
      '                  next step: acrux login',
    ].join('\n'),
  )
  assert.equal(findings[0]?.nextStep, null, 'a document has all members')
})
