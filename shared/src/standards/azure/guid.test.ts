import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { isGuid, nullGuid, parseGuid, parseTenantId, requireGuid } from './guid.ts'

test('a GUID is parsed in any case and returned in lower case', () => {
  const guid = randomUUID()
  // prettier-ignore
  const cases: readonly { text: string; result: string | undefined; why: string }[] = [
    { text: guid, result: guid, why: 'the usual one' },
    { text: guid.toUpperCase(), result: guid, why: 'upper case' },
    { text: nullGuid, result: nullGuid, why: 'the null one' },
    { text: '', result: undefined, why: 'nothing' },
    { text: `{${guid}}`, result: undefined, why: 'braces' },
    { text: guid.replaceAll('-', ''), result: undefined, why: 'no hyphens' },
    { text: `${guid}\n`, result: undefined, why: 'a line end' },
    { text: `${guid}0`, result: undefined, why: 'too long' },
    { text: guid.replace(/^./, 'g'), result: undefined, why: 'no hex' },
  ]
  for (const { text, result, why } of cases) assert.equal(parseGuid(text), result, why)
})

test('a value of another type is no GUID', () => {
  assert.equal(isGuid(randomUUID().toUpperCase()), true)
  for (const value of [undefined, null, 7, {}, ['']]) assert.equal(isGuid(value), false)
})

test('a tenant is neither the null GUID nor an alias', () => {
  const tenant = randomUUID()
  assert.equal(parseTenantId(tenant.toUpperCase()), tenant)
  for (const text of [nullGuid, 'common', 'organizations', 'consumers', 'contoso.example']) {
    assert.equal(parseTenantId(text), undefined, text)
  }
})

test('an invalid GUID constant throws', () => {
  assert.equal(requireGuid('7F951DDA-4ED3-4680-A7CA-43FE172D538D'), '7f951dda-4ed3-4680-a7ca-43fe172d538d')
  assert.throws(() => requireGuid('7f951dda'), TypeError)
})
