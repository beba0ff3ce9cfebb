import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ociErrors } from './oci-error.ts'

test('every code of distribution-spec has its row', () => {
  const codes = [
    'BLOB_UNKNOWN',
    'BLOB_UPLOAD_INVALID',
    'BLOB_UPLOAD_UNKNOWN',
    'DIGEST_INVALID',
    'MANIFEST_BLOB_UNKNOWN',
    'MANIFEST_INVALID',
    'MANIFEST_UNKNOWN',
    'NAME_INVALID',
    'NAME_UNKNOWN',
    'SIZE_INVALID',
    'UNAUTHORIZED',
    'DENIED',
    'UNSUPPORTED',
    'TOOMANYREQUESTS',
  ]
  for (const code of codes) assert.ok(code in ociErrors, code)
})

test('a row has a status of denial and a message without a line end', () => {
  for (const [code, { status, message }] of Object.entries(ociErrors)) {
    assert.match(code, /^[A-Z]+(?:_[A-Z]+)*$/)
    assert.ok(status >= 400 && status < 600, code)
    assert.match(message, /^[\x20-\x7e]+$/, code)
  }
})

test('the rows are sorted by code', () => {
  const codes = Object.keys(ociErrors)
  assert.deepEqual(codes, codes.toSorted())
})

test('a lock answers 405 and a bad or insufficient token 401, as ACR does', () => {
  assert.equal(ociErrors.REGISTRY_DISALLOWED_OPERATION.status, 405)
  assert.equal(ociErrors.UNAUTHORIZED.status, 401)
})
