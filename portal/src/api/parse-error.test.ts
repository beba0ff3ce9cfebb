import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseApiError } from './parse-error.ts'

// prettier-ignore
const answers: readonly (readonly [text: string, code: string, message: string, why: string])[] = [
  ['{"error":{"code":"AuthorizationFailed","message":"No."}}', 'AuthorizationFailed', 'No.', 'ARM, Graph and the portal'],
  ['{"errors":[{"code":"DENIED","message":"a"},{"code":"x"}]}', 'DENIED', 'a', 'a registry: the first one'],
  ['{"errors":[]}', 'Unknown', '', 'no error in the list'],
  ['{"error":"text"}', 'Unknown', '', 'no object'],
  ['{"error":{"code":1,"message":null}}', 'Unknown', '', 'values of other types'],
  ['<html>', 'Unknown', '', 'a page of a proxy'],
  ['null', 'Unknown', '', 'no document'],
]

test('an error of any surface is read, and any other text is an unknown error', () => {
  for (const [text, code, message, why] of answers) assert.deepEqual(parseApiError(text), { code, message }, why)
})
